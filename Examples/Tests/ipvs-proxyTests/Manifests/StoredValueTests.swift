import IPVS
import IPVSProxy
import Testing

@testable import ipvs_proxy

/// Values that API servers store, or may store in the future. They cost at most what they are a part of.
@Suite struct StoredValues {
    private func readService(_ spec: String) -> ManifestReader {
        read("apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {clusterIP: 10.96.0.1, \(spec)}\n")
    }

    private static let port = "ports: [{port: 80}]"

    @Test(
        arguments: [
            (
                "sessionAffinity: Cookie, \(port)",
                "sessionAffinity: must be None or ClientIP, not Cookie; it is left out"
            ),
            (
                "type: NodePort, externalTrafficPolicy: Zone, \(port)",
                "externalTrafficPolicy: must be Cluster or Local, not Zone; it is left out"
            ),
            (
                "internalTrafficPolicy: Zone, \(port)",
                "internalTrafficPolicy: must be Cluster or Local, not Zone; it is left out"
            ),
            (
                "ipFamilyPolicy: Newest, \(port)",
                "ipFamilyPolicy: must be SingleStack, PreferDualStack or RequireDualStack, not Newest; it is left out"
            ),
            (
                "type: Internal, \(port)",
                "type: must be ClusterIP, NodePort, LoadBalancer or ExternalName, not Internal; it counts as ClusterIP"
            ),
        ]
    )
    func unknownWords(spec: String, warning: String) {
        let reader = readService(spec)
        #expect(reader.errors.isEmpty, "\(reader.errors)")
        #expect(
            reader.manifests.services.values.map(\.ports)
                == [["": ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 1)])]]
        )
        #expect(reader.notes.map(\.description) == ["a.yaml:4: Service default/web: spec.\(warning)"])
        #expect(reader.notes.map(\.isWarning) == [true])
    }

    @Test func anUnknownProtocol() {
        let reader = readService("ports: [{name: a, port: 80}, {name: b, port: 443, protocol: QUIC}]")
        #expect(reader.errors.isEmpty)
        #expect(reader.manifests.services.values.first?.ports.keys.sorted() == ["a"])
        #expect(
            reader.notes.map(\.description) == [
                "a.yaml:4: Service default/web: spec.ports[1].protocol: must be TCP, UDP or SCTP, not QUIC; the port is left out"
            ]
        )
    }

    /// As some programs write whole numbers.
    @Test(arguments: ["a.yaml", "a.json"])
    func numbersWithFractions(file: String) {
        let service = Sample.serviceInJSON().replacing(#""port": 80"#, with: #""port": 80.0"#)
        let reader = read(service, file: file)
        #expect(reader.errors.isEmpty && reader.manifests.services.values.first?.ports[""]?.port == 80)
        for number in ["80.5", "080.0", ".0"] {
            #expect(readService("ports: [{port: \(number)}]").errors.count == 1)
        }
    }

    @Test(arguments: [
        ("true", true), ("True", true), ("TRUE", true), ("false", false), ("False", false), ("FALSE", false),
    ])
    func truth(text: String, isReady: Bool) {
        let endpoint = "{addresses: [10.244.0.1], conditions: {ready: \(text)}}"
        let reader = read(Sample.slice().replacing("endpoints: []", with: "endpoints: [\(endpoint)]"))
        #expect(reader.errors.isEmpty)
        #expect(reader.manifests.slices.values.first?.endpoints[""]?.map(\.isReady) == [isReady])
    }

    @Test func aNodePortTwice() {
        func errors(_ transport: String) -> [String] {
            readService(
                "type: NodePort, ports: [{name: a, port: 80, nodePort: 30080}, "
                    + "{name: b, port: 81, nodePort: 30080, protocol: \(transport)}]"
            ).errors.map(\.description)
        }
        #expect(
            errors("TCP") == [
                "a.yaml:4: Service default/web: spec.ports[1].nodePort: TCP 30080 is the node port of another port as well"
            ]
        )
        #expect(errors("UDP").isEmpty)
    }

    /// API servers don't check the numbers of ports in slices.
    @Test(
        arguments: [
            ("{name: '', port: 0}", "port: must be a number from 1 to 65535, not 0; the port is left out"),
            ("{name: '', port: 70000}", "port: must be a number from 1 to 65535, not 70000; the port is left out"),
            (
                "{name: '', port: 1, protocol: QUIC}",
                "protocol: must be TCP, UDP or SCTP, not QUIC; the port is left out"
            ),
        ]
    )
    func portsOfASlice(port: String, warning: String) {
        let slice = Sample.slice("web-1", of: "web", "10.244.0.1").replacing(
            "- port: 8080",
            with: "- {name: other, port: 1}\n- \(port)"
        )
        let reader = read(slice)
        #expect(reader.errors.isEmpty, "\(reader.errors)")
        #expect(reader.manifests.slices.values.first?.endpoints.keys.sorted() == ["other"])
        #expect(reader.notes.first?.description == "a.yaml:9: EndpointSlice default/web-1: ports[1].\(warning)")
    }

    @Test(
        arguments: [
            ("{addresses: []}", "endpoints[0].addresses: is missing; the endpoint is left out"),
            ("{addresses: null}", "endpoints[0].addresses: is missing; the endpoint is left out"),
            ("null", "endpoints[0].addresses: is missing; the endpoint is left out"),
        ]
    )
    func endpoints(endpoint: String, warning: String) {
        let slice = Sample.slice().replacing(
            "endpoints: []",
            with: "endpoints: [\(endpoint), {addresses: [10.244.0.1]}]"
        )
        let reader = read("\(Sample.service())---\n\(slice)")
        #expect(reader.errors.isEmpty, "\(reader.errors)")
        #expect(reader.manifests.slices.values.first?.endpoints[""]?.count == 1)
        #expect(reader.notes.map(\.sentence) == ["EndpointSlice default/web-1: \(warning)"])
        #expect(reader.notes.map(\.isWarning) == [true])
    }

    @Test func aSliceOfUnknownAddresses() {
        let reader = read(Sample.slice().replacing("addressType: IPv4", with: "addressType: Ethernet"))
        #expect(reader.errors.isEmpty && reader.manifests.slices.isEmpty)
        #expect(
            reader.notes.map(\.sentence) == [
                "EndpointSlice default/web-1: addressType: must be IPv4, IPv6 or FQDN, not Ethernet; the slice is left out"
            ]
        )
    }

    /// API servers don't check the names of ports in Endpoints for uniqueness.
    @Test func portsOfEndpoints() {
        let reader = read(
            Sample.service() + """
                ---
                apiVersion: v1
                kind: Endpoints
                metadata: {name: web}
                subsets:
                - addresses: [{ip: ""}, {ip: 10.244.0.1}]
                  ports: [{name: dns, port: 53, protocol: UDP}, {name: dns, port: 53}, {name: zero, port: 0}]
                """
        )
        #expect(reader.errors.isEmpty, "\(reader.errors)")
        let start = "Endpoints default/web: subsets[0]."
        #expect(
            reader.notes.map(\.sentence).filter { $0.hasPrefix(start) } == [
                "\(start)ports[1].name: \"dns\" is the name of another port as well; the port is left out",
                "\(start)ports[2].port: must be a number from 1 to 65535, not 0; the port is left out",
                "\(start)addresses[0].ip: is missing; it is left out",
            ]
        )
        let slice = reader.manifests.slices.values.first
        #expect(slice?.endpoints.keys.sorted() == ["dns"])
        #expect(slice?.endpoints["dns"]?.count == 1)
    }
}
