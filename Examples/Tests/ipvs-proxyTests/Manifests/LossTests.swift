import Testing

@testable import ipvs_proxy

/// What a service or its endpoints have, and what has no effect nevertheless.
@Suite struct ManifestLosses {
    private func warnings(_ text: String) -> [String] {
        let reader = read(text)
        #expect(reader.errors.isEmpty, "\(reader.errors)")
        return reader.notes.filter(\.isWarning).map(\.description)
    }

    private func service(_ spec: String, metadata: String = "name: web") -> String {
        "apiVersion: v1\nkind: Service\nmetadata: {\(metadata)}\nspec: {\(spec)}\n"
    }

    private static let ports = "ports: [{port: 80}]"

    @Test(
        arguments: [
            (
                "clusterIP: None, externalIPs: [192.0.2.7]",
                "externalIPs: are not served, as the service is headless"
            ),
            (
                "type: ExternalName, externalName: a.example.org, externalIPs: [192.0.2.7]",
                "externalIPs: are not served, as the service is an ExternalName"
            ),
            (
                "clusterIP: 10.96.0.1, loadBalancerIP: 192.0.2.7, \(ports)",
                "loadBalancerIP: 192.0.2.7 is not served: of load balancers, only addresses in status.loadBalancer are"
            ),
            (
                "clusterIP: 10.96.0.1, sessionAffinityConfig: {clientIP: {timeoutSeconds: 60}}, \(ports)",
                "sessionAffinityConfig.clientIP: has no effect, as sessionAffinity is not ClientIP"
            ),
            (
                "clusterIP: 10.96.0.1, externalTrafficPolicy: Local, \(ports)",
                "externalTrafficPolicy: Local has no effect, as the service has no external addresses"
            ),
            (
                "type: LoadBalancer, clusterIP: 10.96.0.1, healthCheckNodePort: 31877, \(ports)",
                "healthCheckNodePort: has no effect, as externalTrafficPolicy is not Local"
            ),
            (
                "clusterIP: 10.96.0.1, type: NodePort, externalTrafficPolicy: Local, healthCheckNodePort: 31877, \(ports)",
                "healthCheckNodePort: has no effect, as the service's type is NodePort"
            ),
            (
                "clusterIP: 10.96.0.1, loadBalancerSourceRanges: [192.0.2.0/24], \(ports)",
                "loadBalancerSourceRanges: has no effect, as the service's type is ClusterIP"
            ),
            (
                "clusterIP: 10.96.0.1, topologyKeys: [kubernetes.io/hostname, '*'], \(ports)",
                "topologyKeys: has no effect: Kubernetes has given it up in favor of trafficDistribution"
            ),
        ]
    )
    func fieldsWithoutEffect(spec: String, warning: String) {
        #expect(warnings(service(spec)) == ["a.yaml:4: Service default/web: spec.\(warning)"])
    }

    @Test(
        arguments: [
            "clusterIP: None, externalIPs: []", "clusterIP: 10.96.0.1, healthCheckNodePort: 0, \(ports)",
            "clusterIP: 10.96.0.1, externalTrafficPolicy: Local, externalIPs: [192.0.2.7], \(ports)",
            "clusterIP: 10.96.0.1, topologyKeys: ['*'], \(ports)",
            "clusterIP: 10.96.0.1, sessionAffinity: None, sessionAffinityConfig: {}, \(ports)",
        ]
    )
    func nothingIsLost(spec: String) { #expect(warnings(service(spec)).isEmpty) }

    @Test(arguments: ["topology-mode: Auto", "topology-aware-hints: auto"])
    func topologyAnnotations(annotation: String) {
        let annotation = "service.kubernetes.io/\(annotation)"
        let metadata = "name: web, annotations: {\(annotation)}"
        let web = service("clusterIP: 10.96.0.1, \(Self.ports)", metadata: metadata)
        let slice = Sample.slice("web-1", of: "web", "10.244.0.1")
        #expect(
            warnings("\(web)---\n\(slice)") == [
                "a.yaml:1: Service default/web has the annotation \(annotation), which has no effect, as no endpoint in its slices has hints"
            ]
        )
        let off = service(
            "clusterIP: 10.96.0.1, \(Self.ports)",
            metadata: metadata.lowercased().replacing("auto", with: "Disabled")
        )
        #expect(warnings("\(off)---\n\(slice)").isEmpty)
    }

    /// Endpoints of families in which the service has no address.
    @Test func endpointsOfAnotherFamily() {
        let slice = Sample.slice("web-1", of: "web", "'fd00::1'").replacing("IPv4", with: "IPv6")
        #expect(
            warnings("\(Sample.service())---\n\(slice)") == [
                "a.yaml:1: Service default/web: no endpoint slice has IPv4 addresses, which connections to 10.96.0.1 need"
            ]
        )
        let endpoints =
            "apiVersion: v1\nkind: Endpoints\nmetadata: {name: web}\nsubsets: [{addresses: [{ip: 'fd00::1'}], ports: [{port: 80}]}]\n"
        #expect(
            warnings("\(Sample.service())---\n\(endpoints)") == [
                "a.yaml:1: Service default/web: no Endpoints have IPv4 addresses, which connections to 10.96.0.1 need"
            ]
        )
        let dual = service("clusterIPs: [10.96.0.1, 'fd00:96::1'], \(Self.ports)")
        #expect(
            warnings("\(dual)---\n\(Sample.slice("web-1", of: "web", "10.244.0.1"))") == [
                "a.yaml:1: Service default/web: no endpoint slice has IPv6 addresses, which connections to fd00:96::1 need"
            ]
        )
        // As a control plane writes them for pods of one family.
        let empty = Sample.slice("web-2").replacing("IPv4", with: "IPv6")
        #expect(warnings("\(dual)---\n\(Sample.slice("web-1", of: "web", "10.244.0.1"))---\n\(empty)").isEmpty)
    }

    @Test func endpointsBesideEmptySlices() {
        let endpoints =
            "apiVersion: v1\nkind: Endpoints\nmetadata: {name: web}\nsubsets: [{addresses: [{ip: 10.244.0.1}], ports: [{port: 80}]}]\n"
        #expect(
            warnings("\(Sample.service())---\n\(endpoints)---\n\(Sample.slice())") == [
                "a.yaml:10: Endpoints default/web is left out, as its service has endpoint slices, although these have no endpoints"
            ]
        )
        let slice = Sample.slice("web-1", of: "web", "10.244.0.1")
        #expect(warnings("\(Sample.service())---\n\(endpoints)---\n\(slice)").isEmpty)
    }
}
