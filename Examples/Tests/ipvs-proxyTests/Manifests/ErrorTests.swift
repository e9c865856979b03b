import Common
import Testing

@testable import ipvs_proxy

/// Invalid manifests, and the lines and messages of their errors.
@Suite struct ManifestMistakes {
    /// A service whose fields begin in line 5.
    private func service(_ spec: String) -> String {
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n\(spec)"
    }

    @Test(
        arguments: [
            (
                "  clusterIP: 10.96.0\n  ports: [{port: 80}]",
                "5: Service default/web: spec.clusterIP: \"10.96.0\" is not an IP address"
            ),
            (
                "  clusterIP: 10.96.0.1\n  ports:\n  - port: 70000",
                "7: Service default/web: spec.ports[0].port: must be a number from 1 to 65535, not 70000"
            ),
            (
                "  clusterIP: 10.96.0.1\n  ports:\n  - port: \"80\"",
                "7: Service default/web: spec.ports[0].port: must be a number from 1 to 65535, not \"80\""
            ),
            (
                "  clusterIP: 10.96.0.1\n  ports:\n  - {name: a}",
                "7: Service default/web: spec.ports[0].port: is missing"
            ),
            ("  clusterIP: 10.96.0.1", "5: Service default/web: spec.ports: is missing"),
            ("  clusterIP: 10.96.0.1\n  ports: 80", "6: Service default/web: spec.ports: must be a list, not 80"),
            (
                "  clusterIP: 10.96.0.1\n  ports: [80]",
                "6: Service default/web: spec.ports[0]: must be an object, not 80"
            ),
            (
                "  clusterIP: 10.96.0.1\n  ports:\n  - port: 80\n    protocol: tcp",
                "8: Service default/web: spec.ports[0].protocol: must be TCP, UDP or SCTP, not tcp"
            ),
            (
                "  clusterIP: 10.96.0.1\n  ports:\n  - {name: a, port: 80}\n  - {port: 81}",
                "8: Service default/web: spec.ports[1].name: is missing"
            ),
            (
                "  clusterIP: 10.96.0.1\n  ports:\n  - {name: a, port: 80}\n  - {name: a, port: 81}",
                "8: Service default/web: spec.ports[1].name: \"a\" is the name of another port as well"
            ),
            (
                "  clusterIP: 10.96.0.1\n  ports:\n  - {name: a, port: 80}\n  - {name: b, port: 80}",
                "8: Service default/web: spec.ports[1]: TCP 80 is another port as well"
            ),
            (
                "  clusterIP: 10.96.0.1\n  type: Clusterip\n  ports: [{port: 80}]",
                "6: Service default/web: spec.type: must be ClusterIP, NodePort, LoadBalancer or ExternalName, not Clusterip"
            ),
            (
                "  clusterIP: 10.96.0.1\n  externalTrafficPolicy: local\n  ports: [{port: 80}]",
                "6: Service default/web: spec.externalTrafficPolicy: must be Cluster or Local, not local"
            ),
            (
                "  clusterIP: 10.96.0.1\n  externalIPs:\n  - a\n  ports: [{port: 80}]",
                "7: Service default/web: spec.externalIPs[0]: \"a\" is not an IP address"
            ),
            (
                "  clusterIP: 10.96.0.1\n  externalIPs: [192.0.2.1, 10.96.10.999]\n  ports: [{port: 80}]",
                "6: Service default/web: spec.externalIPs[1]: \"10.96.10.999\" is not an IP address"
            ),
            (
                "  clusterIP: 10.96.0.1\n  sessionAffinity: ClientIP\n  sessionAffinityConfig: {clientIP: {timeoutSeconds: 0}}\n  ports: [{port: 80}]",
                "7: Service default/web: spec.sessionAffinityConfig.clientIP.timeoutSeconds: must be a number from 1 to 86400, not 0"
            ),
            (
                "  clusterIP: 10.96.0.1\n  <<: {a: b}\n  ports: [{port: 80}]",
                "6: Service default/web: spec.<<: can't be merged here"
            ),
            (
                "  clusterIP: 10.96.0.1\n  ports:\n  - {name: true, port: 80}",
                "7: Service default/web: spec.ports[0].name: must be a text, not true"
            ),
            (
                "  clusterIP: 10.96.0.1\n  ports:\n  - {name: 80, port: 80}",
                "7: Service default/web: spec.ports[0].name: must be a text, not 80"
            ),
        ]
    )
    func inAService(spec: String, message: String) {
        let reader = read(service(spec))
        #expect(reader.errors.map(\.description) == ["a.yaml:\(message)"])
        #expect(reader.manifests.services.isEmpty)
    }

    @Test(
        arguments: [
            ("endpoints: []", "1: EndpointSlice x/web-1: addressType: is missing"),
            ("addressType: ipv4", "4: EndpointSlice x/web-1: addressType: must be IPv4, IPv6 or FQDN, not ipv4"),
            (
                "addressType: IPv4\nendpoints:\n- addresses: 10.244.0.1",
                "6: EndpointSlice x/web-1: endpoints[0].addresses: must be a list, not 10.244.0.1"
            ),
            (
                "addressType: IPv4\nendpoints:\n- addresses: [10.244.0.1]\n  conditions: {ready: yes}",
                "7: EndpointSlice x/web-1: endpoints[0].conditions.ready: must be true or false, not yes"
            ),
            (
                "addressType: IPv4\nports:\n- {name: a, port: 1}\n- {name: a, port: 2}",
                "7: EndpointSlice x/web-1: ports[1].name: \"a\" is the name of another port as well"
            ),
        ]
    )
    func inASlice(fields: String, message: String) {
        let metadata = "metadata: {name: web-1, namespace: x, labels: {kubernetes.io/service-name: web}}"
        let reader = read("apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n\(metadata)\n\(fields)")
        #expect(reader.errors.map(\.description) == ["a.yaml:\(message)"])
        #expect(reader.manifests.slices.isEmpty)
    }

    @Test(
        arguments: [
            ("a: b", ["1: kind: is missing", "1: apiVersion: is missing"]),
            ("- a", ["1: must be an object, not a list"]),
            ("kind: Service", ["1: apiVersion: is missing"]),
            ("apiVersion: v1\nkind: Service", ["1: Service: metadata: is missing"]),
            ("apiVersion: v1\nkind: Service\nmetadata: {}", ["3: Service: metadata.name: is missing"]),
            ("apiVersion: v1\nkind: Service\nmetadata: {name: web}", ["1: Service default/web: spec: is missing"]),
            (
                "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: a",
                ["4: Service default/web: spec: must be an object, not a"]
            ),
            (
                "apiVersion: discovery.k8s.io/v1beta1\nkind: EndpointSlice",
                ["1: apiVersion: must be discovery.k8s.io/v1, not discovery.k8s.io/v1beta1"]
            ),
            (
                "apiVersion: v1\nkind: List\nitems:\n- kind: Service\n  apiVersion: v1\n  metadata: {}",
                ["6: Service: items[0].metadata.name: is missing"]
            ),
            ("apiVersion: v1\nkind: List\nitems: a", ["3: items: must be a list, not a"]),
            ("a: b\na: c", ["1: a: is there twice in one object"]),
        ]
    )
    func inADocument(text: String, messages: [String]) {
        #expect(read(text).errors.map(\.description) == messages.map { "a.yaml:\($0)" })
    }

    /// The lines are counted from the start of the file, not of the document.
    @Test func inALaterDocument() {
        let reader = read("---\n\(Sample.service())---\n\(Sample.service("api", clusterIP: "here"))")
        #expect(
            reader.errors.map(\.description) == [
                "a.yaml:16: Service default/api: spec.clusterIP: \"here\" is not an IP address"
            ]
        )
    }

    @Test func notYAML() {
        let errors = read("\(Sample.service())\n  - a: [b\nc: d\n").errors
        #expect(errors.count == 1)
        #expect(errors.first?.object == nil && errors.first?.error.line != nil)
        #expect(errors.first?.error.reason.hasPrefix("can't be read: ") == true)
    }

    /// All errors are reported, not only the first.
    @Test func severalErrors() {
        let lines = read(service("  clusterIP: a\n  externalIPs: [b]\n  ports:\n  - port: c")).errors.map(\.error.line)
        #expect(lines == [5, 6, 8])
    }

    /// Errors that only follow from another error are not reported.
    @Test(
        arguments: [
            ("[{name: a, port: 0}, {name: b, port: 70000}]", ["[0].port", "[1].port"]),
            ("[{name: a, port: 53}, {name: b, port: 53, protocol: udp}]", ["[1].protocol"]),
            ("[{name: 8080, port: 80}, {name: a, port: 81}]", ["[0].name"]),
            ("[{name: 8080, port: 80}, {name: 9090, port: 81}, {port: 82}]", ["[0].name", "[1].name", "[2].name"]),
            ("[{name: a, port: 80, nodePort: x, protocol: tpc}]", ["[0].protocol", "[0].nodePort"]),
        ]
    )
    func oneErrorForEachMistake(ports: String, fields: [String]) {
        let errors = read(service("  clusterIP: 10.96.0.1\n  ports: \(ports)")).errors
        #expect(errors.map(\.error.field) == fields.map { "spec.ports\($0)" }, "\(errors)")
    }

    @Test(
        arguments: [
            ("apiVersion: v1\nkind: Service\nmetadata: {name: 1}", "3: Service: metadata.name: must be a text, not 1"),
            ("apiVersion: v1\nkind: 1", "2: kind: must be a text, not 1"),
            ("apiVersion: 1\nkind: List", "1: apiVersion: must be a text, not 1"),
            ("apiVersion: v1\nkind: ServiceList\nitems: [{kind: 1}]", "3: items[0].kind: must be a text, not 1"),
        ]
    )
    func whatIsThereIsNotMissing(text: String, message: String) {
        #expect(read(text).errors.map(\.description) == ["a.yaml:\(message)"])
    }

    @Test(
        arguments: [
            ("0.0.0.0", "the unspecified address"), ("::", "the unspecified address"),
            ("127.0.0.1", "a loopback address"), ("127.255.0.1", "a loopback address"), ("::1", "a loopback address"),
            ("169.254.0.1", "a link-local address"), ("fe80::1", "a link-local address"),
            ("224.0.0.1", "a multicast address"), ("239.1.2.3", "a multicast address"),
            ("ff02::1", "a multicast address"), ("255.255.255.255", "the broadcast address"),
        ]
    )
    func addressesThatNoServiceCanHave(address: String, kind: String) {
        let fields = [
            ("  clusterIP: '\(address)'", "spec.clusterIP"), ("  clusterIPs: ['\(address)']", "spec.clusterIPs[0]"),
            ("  clusterIP: 10.96.0.1\n  externalIPs: [192.0.2.1, '\(address)']", "spec.externalIPs[1]"),
        ]
        for (text, field) in fields {
            // API servers store external addresses of groups of hosts.
            let isStored =
                field.hasPrefix("spec.externalIPs")
                && !["loopback", "link-local", "unspecified"].contains { kind.contains($0) }
            if isStored { continue }
            let line = text.contains("\n") ? 7 : 6
            #expect(
                read(service("  ports: [{port: 80}]\n\(text)")).errors.map(\.description) == [
                    "a.yaml:\(line): Service default/web: \(field): \(address) is \(kind), which no service can have"
                ]
            )
        }
    }

    @Test func namesOfASlicesPortsThatAreNone() {
        let text = Sample.slice().replacing("- port: 8080", with: "- {name: 1, port: 80}\n- {name: 2, port: 81}")
        #expect(read(text).errors.map(\.error.field) == ["ports[0].name", "ports[1].name"])
    }

    @Test func theSameObjectTwice() {
        var reader = ManifestReader(NodeIdentity(name: "node-a"))
        reader.read(Sample.service() + "---\n" + Sample.service("api"), file: "a.yaml")
        reader.read(Sample.slice() + "---\n" + Sample.service(), file: "b.yaml")
        #expect(
            reader.errors.map(\.description) == [
                "b.yaml:11: Service default/web: is there twice; the first is at a.yaml:1"
            ]
        )
        reader.read(Sample.slice(), file: "c.yaml")
        #expect(
            reader.errors.last?.description
                == "c.yaml:1: EndpointSlice default/web-1: is there twice; the first is at b.yaml:1"
        )
    }

    /// Even for services that are not served.
    @Test func theSameHeadlessServiceTwice() {
        let text = Sample.service(clusterIP: "None")
        #expect(
            read(text + "---\n" + text).errors.map(\.description) == [
                "a.yaml:10: Service default/web: is there twice; the first is at a.yaml:1"
            ]
        )
    }
}
