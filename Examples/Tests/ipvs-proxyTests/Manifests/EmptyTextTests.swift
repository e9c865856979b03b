import IPVS
import IPVSProxy
import Testing

@testable import ipvs_proxy

/// Empty texts, as templates produce them. Kubernetes takes them for missing.
@Suite struct EmptyTexts {
    @Test func inAService() throws {
        let reader = read(
            """
            apiVersion: v1
            kind: Service
            metadata: {name: web, namespace: "", generateName: "", labels: null, annotations: null}
            spec:
              type: ""
              clusterIP: 10.96.0.1
              clusterIPs: [""]
              externalName: ""
              sessionAffinity: ""
              internalTrafficPolicy: ""
              externalTrafficPolicy: ""
              ipFamilyPolicy: ""
              loadBalancerIP: ""
              loadBalancerClass: ""
              ports: [{name: "", port: 80, protocol: "", appProtocol: "", targetPort: ""}]
            status: {loadBalancer: {ingress: [{ip: "", ipMode: "", hostname: ""}]}}
            """
        )
        #expect(reader.errors.isEmpty && reader.notes.isEmpty, "\(reader.errors)\(reader.notes)")
        let port = ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 1)])
        #expect(reader.manifests.services[NamespacedName("default", "web")]?.ports == ["": port])
    }

    /// Each has a namespace, an empty one or none.
    @Test(arguments: ["", "namespace: ''", "namespace: default"], ["", "namespace: ''", "namespace: default"])
    func namespaces(service: String, slice: String) {
        let reader = read(
            """
            \(Sample.service().replacing("metadata:", with: service.isEmpty ? "metadata:" : "metadata:\n  \(service)"))
            ---
            \(Sample.slice("web-1", of: "web", "10.244.0.1")
                .replacing("metadata:", with: slice.isEmpty ? "metadata:" : "metadata:\n  \(slice)"))
            """
        )
        #expect(reader.errors.isEmpty && reader.notes.isEmpty, "\(reader.errors)\(reader.notes)")
        #expect(reader.manifests.services.keys.map(\.description) == ["default/web"])
        #expect(reader.manifests.slices.values.map(\.service.description) == ["default/web"])
    }

    @Test func inASlice() {
        let reader = read(
            """
            \(Sample.service())
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: web-1, namespace: "", labels: {kubernetes.io/service-name: web}}
            addressType: IPv4
            ports: [{name: "", port: 8080, protocol: "", appProtocol: ""}]
            endpoints: [{addresses: [10.244.0.1], nodeName: "", hostname: "", zone: ""}]
            """
        )
        #expect(reader.errors.isEmpty && reader.notes.isEmpty, "\(reader.errors)\(reader.notes)")
        let endpoint = ServiceEndpoint(Endpoint(IPAddress(10, 244, 0, 1), 8080))
        #expect(reader.manifests.slices.values.map(\.endpoints) == [["": [endpoint]]])
    }

    /// Kubernetes has no default for these.
    @Test(
        arguments: [
            ("apiVersion: v1\nkind: ''", "1: kind: is missing"),
            ("apiVersion: ''\nkind: Service", "1: apiVersion: is missing"),
            ("apiVersion: v1\nkind: Service\nmetadata: {name: ''}", "3: Service: metadata.name: is missing"),
            (
                "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: ''\n"
                    + "metadata: {name: a, labels: {kubernetes.io/service-name: a}}",
                "1: EndpointSlice default/a: addressType: is missing"
            ),
            (
                "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"
                    + "spec: {clusterIP: 10.96.0.1, ports: [{port: 80, name: ''}, {port: 81, name: b}]}",
                "4: Service default/a: spec.ports[0].name: is missing"
            ),
            (
                "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"
                    + "spec: {clusterIP: 10.96.0.1, externalIPs: [''], ports: [{port: 80}]}",
                "4: Service default/a: spec.externalIPs[0]: \"\" is not an IP address"
            ),
        ]
    )
    func whereTheyAreErrors(text: String, message: String) {
        #expect(read(text).errors.map(\.description) == ["a.yaml:\(message)"])
    }
}
