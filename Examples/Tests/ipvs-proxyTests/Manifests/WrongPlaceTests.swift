import Foundation
import Testing

@testable import ipvs_proxy

/// Fields that are spelled right, but at a wrong place, where Kubernetes has none of that name.
@Suite struct FieldsAtWrongPlaces {
    /// Inserts a text into a manifest behind another one.
    private func errors(_ manifest: String, _ text: String, behind start: String) throws -> [String] {
        let place = try #require(manifest.range(of: start))
        let reader = read(manifest.replacingCharacters(in: place, with: start + text))
        return reader.errors.map {
            let parts = $0.description.split(separator: ": ", maxSplits: 2)
            return parts.last.map(String.init) ?? ""
        }
    }

    @Test(
        arguments: [
            ("metadata: {", "externalIPs: [192.0.2.7], ", "metadata.externalIPs", "spec"),
            ("kind: Service\n", "externalIPs: [192.0.2.7]\n", "externalIPs", "spec"),
            ("kind: Service\n", "ports: [{port: 81}]\n", "ports", "spec"),
            ("kind: Service\n", "labels: {a: b}\n", "labels", "metadata"),
            (
                "kind: Service\n", "endpoints: [{addresses: [10.244.0.1]}]\n", "endpoints",
                "objects of the kind EndpointSlice"
            ),
            ("spec: {", "subsets: [], ", "spec.subsets", "objects of the kind Endpoints"),
            ("spec: {", "nodePort: 30080, ", "spec.nodePort", "spec.ports[]"),
            ("spec: {", "protocol: UDP, ", "spec.protocol", "spec.ports[]"),
            ("spec: {", "ingress: [{ip: 192.0.2.7}], ", "spec.ingress", "status.loadBalancer"),
            ("spec: {", "kind: Service, ", "spec.kind", "the object itself"),
            ("{port: 80", ", clusterIP: 10.96.0.2", "spec.ports[0].clusterIP", "spec"),
            (
                "sessionAffinityConfig: {", "timeoutSeconds: 60, ", "spec.sessionAffinityConfig.timeoutSeconds",
                "spec.sessionAffinityConfig.clientIP"
            ),
            ("status: {", "ip: 192.0.2.7, ", "status.ip", "status.loadBalancer.ingress[]"),
        ]
    )
    func ofAService(start: String, text: String, path: String, home: String) throws {
        let service = """
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec: {clusterIP: 10.96.0.1, ports: [{port: 80}], sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: null}}
            status: {loadBalancer: {}}
            """
        #expect(
            try errors(service, text, behind: start) == ["\(path): there is no such field here; it belongs to \(home)"]
        )
    }

    @Test(
        arguments: [
            ("kind: EndpointSlice\n", "spec: {}\n", "spec", "objects of the kind Service"),
            ("kind: EndpointSlice\n", "addresses: [10.244.0.1]\n", "addresses", "endpoints[]"),
            ("metadata: {", "addressType: IPv4, ", "metadata.addressType", "the object itself"),
            ("{addresses: [10.244.0.1]", ", ready: false", "endpoints[0].ready", "endpoints[].conditions"),
            ("{addresses: [10.244.0.1]", ", port: 8080", "endpoints[0].port", "ports[]"),
            ("{addresses: [10.244.0.1]", ", forZones: []", "endpoints[0].forZones", "endpoints[].hints"),
        ]
    )
    func ofASlice(start: String, text: String, path: String, home: String) throws {
        let slice = """
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
            addressType: IPv4
            ports: [{port: 8080}]
            endpoints: [{addresses: [10.244.0.1]}]
            """
        #expect(
            try errors(slice, text, behind: start) == ["\(path): there is no such field here; it belongs to \(home)"]
        )
    }

    @Test(
        arguments: [
            ("kind: Endpoints\n", "addresses: []\n", "addresses", "subsets[]"),
            ("subsets: [{", "ip: 10.244.0.1, ", "subsets[0].ip", "subsets[].addresses[]"),
            ("subsets: [{", "endpoints: [], ", "subsets[0].endpoints", "objects of the kind EndpointSlice"),
        ]
    )
    func ofEndpoints(start: String, text: String, path: String, home: String) throws {
        let endpoints = """
            apiVersion: v1
            kind: Endpoints
            metadata: {name: web}
            subsets: [{addresses: [{ip: 10.244.0.1}], ports: [{port: 8080}]}]
            """
        #expect(
            try errors(endpoints, text, behind: start) == [
                "\(path): there is no such field here; it belongs to \(home)"
            ]
        )
    }

    /// As newer versions of Kubernetes may have them.
    @Test func unknownFields() throws {
        #expect(read(Sample.service() + "  somethingNew: {ports: 1}\n").errors.isEmpty)
    }

    /// The name of the service among the annotations of a slice.
    @Test func theLabelAsAnAnnotation() {
        let slice = Sample.slice().replacing("labels:", with: "annotations:")
        #expect(
            read(slice).notes.map(\.sentence) == [
                "EndpointSlice default/web-1 has no label kubernetes.io/service-name, so that it is of no service; it is among the annotations"
            ]
        )
    }
}
