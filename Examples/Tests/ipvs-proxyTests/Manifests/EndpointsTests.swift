import IPVS
import IPVSProxy
import Testing

@testable import ipvs_proxy

/// Classic Endpoints, which stand in for endpoint slices.
@Suite struct ClassicEndpoints {
    private func endpoints(_ subsets: String, metadata: String = "name: web") -> String {
        "apiVersion: v1\nkind: Endpoints\nmetadata: {\(metadata)}\nsubsets: \(subsets)\n"
    }

    private let service = """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}, {name: https, port: 443}]}

        """

    @Test func theyWork() throws {
        let subsets = """

            - addresses: [{ip: 10.244.0.1, nodeName: node-a}, {ip: 10.244.0.2, nodeName: node-b, hostname: b}]
              notReadyAddresses: [{ip: 10.244.0.3, nodeName: ""}]
              ports: [{name: http, port: 8080}, {name: https, port: 8443, protocol: TCP}]
            - addresses: [{ip: 10.244.0.4}, {ip: 'fd00::4'}]
              ports: [{name: http, port: 9090, protocol: ""}]
            """
        // Before or after their service.
        for text in ["\(endpoints(subsets))---\n\(service)", "\(service)---\n\(endpoints(subsets))"] {
            let reader = read(text)
            #expect(reader.errors.isEmpty, "\(reader.errors)")
            #expect(reader.notes.map(\.isWarning) == [false], "\(reader.notes)")
            #expect(
                reader.notes.first?.sentence
                    == "Endpoints default/web: the service has no IPv6 address among its cluster IPs"
            )
            let slice = try #require(reader.manifests.slices.values.first)
            #expect(reader.manifests.slices.count == 1 && slice.service == NamespacedName("default", "web"))
            func endpoint(_ address: IPAddress, _ port: UInt16, local: Bool = false, ready: Bool = true)
                -> ServiceEndpoint
            {
                ServiceEndpoint(Endpoint(address, port), isLocal: local, isReady: ready)
            }
            func first(_ port: UInt16) -> [ServiceEndpoint] {
                [
                    endpoint(IPAddress(10, 244, 0, 1), port, local: true), endpoint(IPAddress(10, 244, 0, 2), port),
                    endpoint(IPAddress(10, 244, 0, 3), port, ready: false),
                ]
            }
            let second = [
                endpoint(IPAddress(10, 244, 0, 4), 9090), endpoint(try #require(IPAddress("fd00::4")), 9090),
            ]
            #expect(slice.endpoints == ["http": first(8080) + second, "https": first(8443)])
        }
    }

    @Test func inLists() {
        let reader = read(
            """
            apiVersion: v1
            kind: EndpointsList
            items:
            - metadata: {name: web}
              subsets: [{addresses: [{ip: 10.244.0.1}], ports: [{port: 8080}]}]
            ---
            \(Sample.service())
            """
        )
        #expect(reader.errors.isEmpty && reader.notes.isEmpty, "\(reader.errors)\(reader.notes)")
        #expect(reader.manifests.slices.values.first?.endpoints[""]?.count == 1)
    }

    /// The slices mirror them, or the other way round.
    @Test func besidesSlices() {
        let reader = read(
            """
            \(endpoints("[{addresses: [{ip: 10.244.0.9}, {ip: nowhere}], ports: [{port: 1, name: a}]}]"))
            ---
            \(Sample.service())
            ---
            \(Sample.slice("web-1", of: "web", "10.244.0.1"))
            """
        )
        #expect(reader.errors.isEmpty, "\(reader.errors)")
        #expect(reader.manifests.slices.keys.map(\.description) == ["default/web-1"])
        #expect(reader.notes.allSatisfy { !$0.isWarning }, "\(reader.notes)")
        #expect(
            reader.notes.last?.description
                == "a.yaml:1: Endpoints default/web is left out, as its service has endpoint slices"
        )
    }

    /// Of a cluster, with objects of all kinds that belong to services, and without anything to warn of.
    @Test func whatKubectlPrintsOfACluster() {
        func items(_ name: String, labels: String = "app: a", spec: String, isEmpty: Bool = false) -> String {
            """
            - apiVersion: v1
              kind: Service
              metadata: {name: \(name), labels: {\(labels)}}
              spec: {\(spec)}
            - apiVersion: v1
              kind: Endpoints
              metadata: {name: \(name), labels: {\(labels)}}
              subsets: \(isEmpty ? "null" : "[{addresses: [{ip: 10.244.0.9}], ports: [{name: http, port: 8080, protocol: TCP}]}]")
            - apiVersion: discovery.k8s.io/v1
              kind: EndpointSlice
              metadata: {name: \(name)-x7k2p, labels: {\(labels), kubernetes.io/service-name: \(name)}}
              addressType: IPv4
              endpoints: \(isEmpty ? "null" : "[{addresses: [10.244.0.9]}]")
              ports: \(isEmpty ? "null" : "[{name: http, port: 8080, protocol: TCP}]")

            """
        }
        let port = "ports: [{name: http, port: 80, protocol: TCP, targetPort: 8080}]"
        let text = """
            apiVersion: v1
            kind: List
            metadata: {resourceVersion: ""}
            items:
            \(items("web", spec: "type: ClusterIP, clusterIP: 10.96.0.1, clusterIPs: [10.96.0.1], \(port)"))
            \(items("idle", spec: "type: ClusterIP, clusterIP: 10.96.0.2, clusterIPs: [10.96.0.2], \(port)", isEmpty: true))
            \(items("db", labels: "service.kubernetes.io/headless: ''", spec: "clusterIP: None, clusterIPs: [None], ports: null"))
            \(items("old-db", spec: "clusterIP: None"))
            \(items("mesh", labels: "service.kubernetes.io/service-proxy-name: mesh", spec: "clusterIP: 10.96.0.3"))
            - apiVersion: v1
              kind: Service
              metadata: {name: elsewhere}
              spec: {type: ExternalName, externalName: a.example.org}
            - apiVersion: v1
              kind: Endpoints
              metadata: {name: leader, annotations: {control-plane.alpha.kubernetes.io/leader: "{}"}}
            """
        let reader = read(text)
        #expect(reader.errors.isEmpty, "\(reader.errors)")
        #expect(reader.notes.allSatisfy { !$0.isWarning }, "\(reader.notes.filter(\.isWarning))")
        #expect(reader.manifests.services.keys.map(\.name).sorted() == ["idle", "web"])
        #expect(reader.manifests.slices[NamespacedName("default", "web-x7k2p")]?.endpoints["http"]?.count == 1)
        #expect(!reader.manifests.slices.keys.contains { $0.name.contains("/") })
    }

    /// A slice of host names is none that could be served.
    @Test func besidesASliceOfHostNames() {
        let slice = Sample.slice().replacing("IPv4", with: "FQDN")
        let subsets = "[{addresses: [{ip: 10.244.0.9}], ports: [{port: 8080}]}]"
        let reader = read("\(endpoints(subsets))---\n\(Sample.service())---\n\(slice)")
        #expect(reader.manifests.slices.values.first?.endpoints[""]?.count == 1)
    }

    @Test func ofNoService() {
        let reader = read(endpoints("[{addresses: [{ip: 10.244.0.9}], ports: [{port: 8080}]}]"))
        #expect(reader.notes.map(\.description) == ["a.yaml:1: Endpoints default/web: there is no service default/web"])
        #expect(reader.notes.map(\.isWarning) == [true])
        // Those of programs that elect a leader.
        for subsets in ["", "[]", "null", "[{ports: [{port: 1}]}]"] {
            #expect(read(endpoints(subsets)).notes.map(\.isWarning) == [false])
        }
    }

    @Test(
        arguments: [
            "spec: {clusterIP: None, ports: [{port: 80}]}", "spec: {type: ExternalName}",
            "metadata: {name: web, labels: {service.kubernetes.io/service-proxy-name: a}}",
        ]
    )
    func ofAServiceThatIsNotServed(field: String) {
        let subsets = "[{addresses: [{ip: 10.244.0.9}, {ip: a}], ports: [{name: x, port: 8080}]}]"
        let text = Sample.service().split(separator: field.hasPrefix("spec") ? "spec" : "metadata")[0]
        let reader = read("\(endpoints(subsets))---\n\(text)\(field)\n\(field.hasPrefix("spec") ? "" : "spec: {}")\n")
        #expect(reader.errors.isEmpty && reader.notes.allSatisfy { !$0.isWarning }, "\(reader.errors)\(reader.notes)")
    }

    /// As of a slice.
    @Test func portsThatDiffer() {
        let subsets = "[{addresses: [{ip: 10.244.0.9}], ports: [{name: http, port: 1}, {name: metrics, port: 2}]}]"
        let reader = read("\(service)---\n\(endpoints(subsets))")
        #expect(
            reader.notes.map(\.description) == [
                "a.yaml:6: Endpoints default/web: ports metrics: the service has no such port",
                "a.yaml:1: Service default/web: ports https: its Endpoints have no such port",
            ]
        )
        #expect(reader.notes.map(\.isWarning) == [true, true])
    }

    @Test(
        arguments: [
            ("{}", "subsets: must be a list, not an object"), ("[a]", "subsets[0]: must be an object, not a"),
            ("[{addresses: [10.0.0.1]}]", "subsets[0].addresses[0]: must be an object, not 10.0.0.1"),
            ("[{ports: [{name: a}]}]", "subsets[0].ports[0].port: is missing"),
            ("[{ports: [{port: 1}, {port: 2, name: a}]}]", "subsets[0].ports[0].name: is missing"),
            (
                "[{ports: [{port: 1, protocol: tcp}]}]",
                "subsets[0].ports[0].protocol: must be TCP, UDP or SCTP, not tcp"
            ),
        ]
    )
    func mistakes(subsets: String, message: String) {
        let reader = read(endpoints(subsets))
        #expect(reader.errors.map(\.description) == ["a.yaml:4: Endpoints default/web: \(message)"])
        #expect(reader.manifests.slices.isEmpty)
    }

    @Test func addressesThatAreWrong() {
        let subsets =
            "[{addresses: [{ip: here}, {ip: 10.244.0.9}], notReadyAddresses: [{ip: 0.0.0.0}], ports: [{port: 1}]}]"
        let reader = read("\(Sample.service())---\n\(endpoints(subsets))")
        #expect(reader.errors.isEmpty)
        #expect(reader.manifests.slices.values.first?.endpoints[""]?.count == 1)
        #expect(
            reader.notes.map(\.description) == [
                "a.yaml:13: Endpoints default/web: subsets[0].addresses[0].ip: \"here\" is not an IP address; "
                    + "it is left out; so is 1 more"
            ]
        )
    }
}
