import IPVS
import IPVSProxy
import Testing

@testable import ipvs_proxy

/// What is not served because of another object.
@Suite struct ManifestRelationNotes {
    /// A slice of `default/web` that begins in line 6.
    private func read(
        _ ports: String,
        endpoints: String = "[{addresses: [10.244.0.1]}]",
        type: String = "IPv4",
        service: String =
            "spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}, {name: dns, port: 53, protocol: UDP}]}"
    ) -> ManifestReader {
        let reader = ipvs_proxyTests.read(
            """
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            \(service)
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
            addressType: \(type)
            ports: \(ports)
            endpoints: \(endpoints)
            """
        )
        #expect(reader.errors.isEmpty, "\(reader.errors)")
        return reader
    }

    private let both = "[{name: http, port: 8080}, {name: dns, port: 53, protocol: UDP}]"

    private func warnings(_ reader: ManifestReader) -> [String] {
        reader.notes.filter(\.isWarning).map(\.description)
    }

    @Test func nothingToSay() {
        #expect(read(both).notes.isEmpty)
        // Without a protocol, that of the service's port is meant.
        let reader = read("[{name: http, port: 8080}, {name: dns, port: 53}]")
        #expect(reader.notes.isEmpty && reader.manifests.slices.values.first?.endpoints.count == 2)
    }

    @Test func portsThatTheServiceDoesNotHave() {
        #expect(
            warnings(read("[{name: http, port: 1}, {name: dns, port: 2, protocol: UDP}, {name: web, port: 3}]")) == [
                "a.yaml:6: EndpointSlice default/web-1: ports web: the service has no such port"
            ]
        )
        #expect(
            warnings(read("[{port: 1}, {name: web, port: 3}]")) == [
                "a.yaml:6: EndpointSlice default/web-1: ports \"\", web: the service has no such ports",
                "a.yaml:1: Service default/web: ports dns, http: no endpoint slice has such ports",
            ]
        )
    }

    @Test func portsWithoutEndpoints() {
        let message = "a.yaml:1: Service default/web: ports dns: no endpoint slice has such a port"
        #expect(warnings(read("[{name: http, port: 8080}]")) == [message])
        // A service that has been scaled down has a slice without ports.
        #expect(read("null", endpoints: "null").notes.isEmpty)
        #expect(read("[{name: http, port: 8080}]", endpoints: "[]").notes.isEmpty)
        #expect(
            warnings(read("null")) == [
                "a.yaml:1: Service default/web: ports dns, http: no endpoint slice has such ports"
            ]
        )
    }

    /// One of several slices has it.
    @Test func portsInOtherSlices() {
        var reader = ManifestReader(NodeIdentity(name: "node-a"))
        reader.read(Sample.slice("web-2", of: "web", "10.244.0.2"), file: "b.yaml")
        reader.read(
            Sample.slice("web-1", of: "web", "10.244.0.1").replacing("port: 8080", with: "{name: x, port: 1}"),
            file: "a.yaml"
        )
        reader.read(Sample.service(), file: "c.yaml")
        reader.finish()
        #expect(reader.errors.isEmpty)
        #expect(
            warnings(reader) == ["a.yaml:1: EndpointSlice default/web-1: ports x: the service has no such port"]
        )
    }

    /// kube-proxy doesn't serve them either.
    @Test func anotherProtocol() {
        let reader = read("[{name: http, port: 8080}, {name: dns, port: 53, protocol: TCP}]")
        #expect(
            warnings(reader) == [
                "a.yaml:6: EndpointSlice default/web-1: port dns: is TCP and left out, as the port of the service is UDP"
            ]
        )
        #expect(reader.manifests.slices.values.first?.endpoints.keys.elementsEqual(["http"]) == true)
    }

    @Test func aPortWithoutNumber() {
        #expect(
            warnings(read("[{name: http, port: 8080}, {name: dns, protocol: UDP}]")) == [
                "a.yaml:10: EndpointSlice default/web-1: ports[1]: has no port number, and serves no port of a service"
            ]
        )
    }

    @Test func furtherAddresses() {
        let reader = read(both, endpoints: "[{addresses: [10.244.0.1, 10.244.0.2]}]")
        #expect(
            warnings(reader) == [
                "a.yaml:11: EndpointSlice default/web-1: endpoints[0].addresses[1]: 10.244.0.2 is left out: "
                    + "only the first address of an endpoint counts"
            ]
        )
    }

    @Test func hostNames() {
        let reader = read(both, endpoints: "[{addresses: [a.example.org]}]", type: "FQDN")
        #expect(
            warnings(reader) == ["a.yaml:6: EndpointSlice default/web-1 is left out: host names are not served"]
        )
        #expect(reader.manifests.slices.isEmpty)
    }

    /// Clusters of both families have such slices besides those of the service's family.
    @Test func aFamilyThatTheServiceDoesNotHave() {
        let reader = read(
            both,
            endpoints: """
                [{addresses: ['fd00::1']}]
                ---
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: web-2, labels: {kubernetes.io/service-name: web}}
                addressType: IPv4
                """,
            type: "IPv6"
        )
        #expect(warnings(reader).isEmpty)
        #expect(
            reader.notes.map(\.sentence) == [
                "EndpointSlice default/web-1: the service has no IPv6 address among its cluster IPs"
            ]
        )
    }

    @Test(arguments: ["web", "api"])
    func noService(name: String) {
        let reader = ipvs_proxyTests.read("\(Sample.slice("a-1", of: name, "10.0.0.1"))---\n\(Sample.service("other"))")
        #expect(
            reader.notes.map(\.description) == [
                "a.yaml:1: EndpointSlice default/a-1: there is no service default/\(name)"
            ]
        )
        #expect(reader.notes.map(\.isWarning) == [true])
    }

    /// What is said of the service is enough.
    @Test(
        arguments: [
            "spec: {clusterIP: None}", "spec: {type: ExternalName, externalName: a.example.org}",
            "spec: {clusterIP: '', ports: [{port: 80}]}",
        ]
    )
    func servicesThatAreNotServed(service: String) {
        for type in ["IPv4", "FQDN"] {
            let address = type == "IPv4" ? "10.244.0.1" : "a.example.org"
            let reader = read(
                "[{name: x, port: 1}, {name: y}]",
                endpoints: "[{addresses: [\(address), here]}]",
                type: type,
                service: service
            )
            #expect(warnings(reader).allSatisfy { $0.contains(": Service default/web is not served, as ") })
        }
    }

    @Test func servicesOfAnotherProxy() {
        let labels = "metadata:\n  labels: {service.kubernetes.io/service-proxy-name: other}"
        let reader = ipvs_proxyTests.read(
            "\(Sample.service().replacing("metadata:", with: labels))---\n\(Sample.slice("web-1", of: "web", "10.0.0.1"))"
        )
        #expect(reader.errors.isEmpty && reader.notes.allSatisfy { !$0.isWarning })
    }

    @Test(arguments: ["Web", "web.shop", "web_1", "-"])
    func aLabelThatNamesNoService(name: String) {
        let reader = ipvs_proxyTests.read(Sample.slice("web-1", of: name, "10.0.0.1"))
        #expect(reader.errors.isEmpty && reader.manifests.slices.isEmpty)
        #expect(
            reader.notes.map(\.description) == [
                "a.yaml:5: EndpointSlice default/web-1: metadata.labels.kubernetes.io/service-name: "
                    + "\"\(name)\" is not a name that a service can have, so that it is of no service"
            ]
        )
        #expect(reader.notes.map(\.isWarning) == [true])
    }
}
