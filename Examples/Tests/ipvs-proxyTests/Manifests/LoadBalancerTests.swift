import IPVS
import IPVSProxy
import Testing

@testable import ipvs_proxy

/// What services say of their load balancers: who may use them, and where they ask for the health of nodes.
@Suite struct ManifestLoadBalancers {
    /// A service of type LoadBalancer with some fields, which are in line 4.
    private func reader(_ spec: String, type: String = "LoadBalancer", status: String = "") -> ManifestReader {
        read(
            """
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec: {type: \(type), clusterIP: 10.96.0.1, ports: [{port: 80}], \(spec)}
            status: {\(status)}
            """
        )
    }

    private func ranges(_ reader: ManifestReader) -> [String]? {
        reader.manifests.services.values.first?.ports[""]?.loadBalancerSourceRanges.map(\.description)
    }

    /// As an API server accepts them.
    @Test(
        arguments: [
            ("192.0.2.0/24", "192.0.2.0/24"), ("192.0.2.7/24", "192.0.2.0/24"), ("0.0.0.0/0", "0.0.0.0/0"),
            (" 192.0.2.0/24\\t", "192.0.2.0/24"), ("192.0.2.7/32", "192.0.2.7/32"),
            ("192.000.002.0/024", "192.0.2.0/24"), ("2001:DB8::1/32", "2001:db8::/32"), ("::/0", "::/0"),
        ]
    )
    func sourceRanges(text: String, block: String) {
        let reader = reader("loadBalancerSourceRanges: [\"\(text)\"]")
        #expect(reader.errors.isEmpty && reader.notes.isEmpty, "\(reader.errors)\(reader.notes)")
        #expect(ranges(reader) == [block])
    }

    @Test func severalSourceRanges() {
        let blocks = "[192.0.2.0/24, 'fd00::/8', 192.0.2.1/24, 198.51.100.0/24]"
        let reader = reader("loadBalancerSourceRanges: \(blocks)")
        #expect(reader.errors.isEmpty && reader.notes.isEmpty, "\(reader.errors)\(reader.notes)")
        #expect(ranges(reader) == ["192.0.2.0/24", "fd00::/8", "198.51.100.0/24"])
        for nothing in ["null", "[]"] {
            #expect(ranges(self.reader("loadBalancerSourceRanges: \(nothing)")) == [])
        }
    }

    @Test(
        arguments: [
            ("", "\"\""), (" ", "\" \""), ("192.0.2.0", "\"192.0.2.0\""), ("192.0.2.0/33", "\"192.0.2.0/33\""),
            ("192.0.2/24", "\"192.0.2/24\""), ("192.0.2.0/", "\"192.0.2.0/\""), ("192.0.2.0/+8", "\"192.0.2.0/+8\""),
            ("192.0.2.0 /24", "\"192.0.2.0 /24\""), ("192.0.2.0/24/8", "\"192.0.2.0/24/8\""), ("::/129", "\"::/129\""),
            ("192.0.2.0/24,198.51.100.0/24", "\"192.0.2.0/24,198.51.100.0/24\""),
        ]
    )
    func wrongSourceRanges(text: String, quoted: String) {
        let reader = reader("loadBalancerSourceRanges: [192.0.2.0/24, \"\(text)\"]")
        #expect(reader.manifests.services.isEmpty)
        #expect(
            reader.errors.map(\.description) == [
                "a.yaml:4: Service default/web: spec.loadBalancerSourceRanges[1]: \(quoted) is not a block of addresses, such as 192.0.2.0/24"
            ]
        )
    }

    @Test(arguments: [
        ("loadBalancerSourceRanges: 192.0.2.0/24", "loadBalancerSourceRanges: must be a list, not 192.0.2.0/24"),
        ("loadBalancerSourceRanges: [5]", "loadBalancerSourceRanges[0]: must be a text, not 5"),
        ("healthCheckNodePort: 70000", "healthCheckNodePort: must be a number from 0 to 65535, not 70000"),
        ("healthCheckNodePort: '31877'", "healthCheckNodePort: must be a number from 0 to 65535, not \"31877\""),
    ])
    func wrongTypes(spec: String, reason: String) {
        #expect(reader(spec).errors.map(\.description) == ["a.yaml:4: Service default/web: spec.\(reason)"])
    }

    @Test func mappedSourceRanges() {
        let reader = reader("loadBalancerSourceRanges: ['::ffff:192.0.2.7/120', '::ffff:0:0/95']")
        #expect(reader.errors.isEmpty)
        #expect(ranges(reader) == ["192.0.2.0/24", "::fffe:0:0/95"])
        #expect(
            reader.notes.map(\.description) == [
                "a.yaml:4: Service default/web: spec.loadBalancerSourceRanges[0]: ::ffff:192.0.2.0/120 is IPv4-mapped, and counts as 192.0.2.0/24"
            ]
        )
    }

    /// An address can be left in the status when the type changes. It is served, and stays protected.
    @Test(arguments: [("", 1), ("loadBalancer: {ingress: [{ip: 192.0.2.1}]}", 0)])
    func sourceRangesOfAnotherType(status: String, warnings: Int) {
        let reader = reader("loadBalancerSourceRanges: [192.0.2.0/24]", type: "NodePort", status: status)
        #expect(reader.errors.isEmpty && ranges(reader) == ["192.0.2.0/24"])
        let warning =
            "a.yaml:4: Service default/web: spec.loadBalancerSourceRanges: has no effect, as the service's type is NodePort"
        #expect(reader.notes.map(\.description) == Array(repeating: warning, count: warnings))
    }

    @Test(
        arguments: [
            ("LoadBalancer", "Local", "31877", 31_877), ("LoadBalancer", "Local", "0", nil),
            ("LoadBalancer", "Local", "null", nil), ("LoadBalancer", "Cluster", "31877", nil),
            ("LoadBalancer", "Cluster", "0", nil), ("NodePort", "Local", "31877", nil),
        ] as [(String, String, String, UInt16?)]
    )
    func healthCheckNodePorts(type: String, policy: String, port: String, read: UInt16?) {
        let reader = reader("externalTrafficPolicy: \(policy), healthCheckNodePort: \(port)", type: type)
        #expect(reader.errors.isEmpty && reader.manifests.services.count == 1)
        #expect(reader.manifests.services.values.first?.healthCheckNodePort == read)
        #expect(reader.notes.map(\.isWarning) == (port == "31877" && read == nil ? [true] : []))
    }
}
