import IPVS
import IPVSProxy
import Testing

@testable import ipvs_proxy

/// The forms of manifests.
@Suite struct ManifestShapes {
    @Test func whatKubectlPrintsInYAML() throws {
        let reader = read(try Sample.fixture("kubectl.yaml"))
        #expect(reader.errors.isEmpty, "\(reader.errors)")
        var http = ServicePort(
            .tcp,
            80,
            clusterIPs: [IPAddress(10, 96, 12, 34), try #require(IPAddress("fd00:10:96::c22"))],
            nodePort: 30_080,
            externalIPs: [IPAddress(192, 0, 2, 80)],
            loadBalancerIPs: [IPAddress(203, 0, 113, 7), try #require(IPAddress("2001:db8::7"))],
            loadBalancerSourceRanges: ["192.0.2.0/24", "2001:db8::/32"].compactMap(IPAddress.Block.init(_:)),
            sessionAffinity: .clientIP(timeout: 600),
            externalTrafficPolicy: .local
        )
        let name = NamespacedName("shop", "web")
        let service = try #require(reader.manifests.services[name])
        #expect(service.ports["http"] == http)
        (http.port, http.nodePort) = (443, 30_443)
        #expect(service.ports["https"] == http)
        #expect(service.name == name && service.ports.count == 2 && reader.manifests.services.count == 1)
        #expect(service.healthCheckNodePort == 31_877)

        func endpoints(_ port: UInt16) -> [ServiceEndpoint] {
            [
                ServiceEndpoint(Endpoint(IPAddress(10, 244, 1, 5), port), isLocal: true),
                ServiceEndpoint(
                    Endpoint(IPAddress(10, 244, 2, 9), port),
                    isReady: false,
                    isServing: true,
                    isTerminating: true
                ),
            ]
        }
        let (slice, empty) = (NamespacedName("shop", "web-x7k2p"), NamespacedName("shop", "web-9wq4z"))
        #expect(
            reader.manifests.slices == [
                slice: EndpointSlice(slice, of: name, endpoints: ["http": endpoints(8080), "https": endpoints(8443)]),
                empty: EndpointSlice(empty, of: name, endpoints: [:]),
            ]
        )
        #expect(reader.notes.last?.description == "a.yaml:128: a Deployment is passed over")
        #expect(reader.notes.map(\.isWarning) == [false])
    }

    @Test func whatKubectlPrintsInJSON() throws {
        let reader = read(try Sample.fixture("kubectl.json"), file: "a.json")
        #expect(reader.errors.isEmpty && reader.notes.isEmpty, "\(reader.errors)")
        let name = NamespacedName("kube-system", "kube-dns")
        let ports = try #require(reader.manifests.services[name]).ports
        #expect(ports["dns"]?.transport == .udp && ports["dns-tcp"]?.transport == .tcp)
        #expect(ports.values.allSatisfy { $0.port == 53 && $0.internalTrafficPolicy == .local && $0.nodePort == nil })
        let slice = try #require(reader.manifests.slices.values.first)
        let endpoint = ServiceEndpoint(Endpoint(IPAddress(10, 244, 0, 2), 53), isLocal: true)
        #expect(slice.service == name && slice.endpoints == ["dns": [endpoint], "dns-tcp": [endpoint]])
    }

    /// With empty documents, which templates produce.
    @Test func severalDocuments() {
        let text =
            "---\n# first\n---\n\(Sample.service("a"))---\n\(Sample.slice("a-1", of: "a", "10.244.0.1"))---\nnull\n...\n"
        let reader = read(text)
        #expect(reader.errors.isEmpty, "\(reader.errors)")
        #expect(reader.manifests.services.keys.map(\.description) == ["default/a"])
        #expect(reader.manifests.slices.keys.map(\.description) == ["default/a-1"])
        let nothing = read("# nothing\n")
        #expect(nothing.errors.isEmpty && nothing.manifests == Manifests())
    }

    /// In the API's own lists, only the list has the type of its elements.
    @Test func listsOfOneKind() {
        let reader = read(
            """
            apiVersion: v1
            kind: ServiceList
            items:
            - metadata: {name: a, namespace: one}
              spec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSliceList
            items:
            - metadata: {name: a-1, namespace: one, labels: {kubernetes.io/service-name: a}}
              addressType: IPv4
              endpoints: [{addresses: [10.244.0.1]}]
              ports: [{port: 80}]
            """
        )
        #expect(reader.errors.isEmpty, "\(reader.errors)")
        #expect(reader.manifests.services.keys.map(\.description) == ["one/a"])
        #expect(reader.manifests.slices.values.map(\.service.description) == ["one/a"])
    }

    /// Kinds of other groups can have the same names.
    @Test func otherKinds() {
        let reader = read(
            """
            apiVersion: serving.knative.dev/v1
            kind: Service
            metadata: {name: web}
            spec: {template: {}}
            ---
            apiVersion: v1
            kind: ConfigMap
            data: {a: b}
            ---
            apiVersion: apps/v1
            kind: DeploymentList
            items: none
            """
        )
        #expect(reader.errors.isEmpty && reader.manifests == Manifests())
        #expect(
            reader.notes.map(\.sentence) == ["Service", "ConfigMap", "DeploymentList"].map { "a \($0) is passed over" }
        )
    }
}
