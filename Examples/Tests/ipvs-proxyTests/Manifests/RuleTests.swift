import IPVS
import IPVSProxy
import Testing

@testable import ipvs_proxy

/// The meaning of a manifest's fields in Kubernetes.
@Suite struct ManifestRules {
    /// The only port of a service with some fields.
    private func port(_ spec: String, status: String = "") throws -> ServicePort {
        let reader = read(
            """
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec: {clusterIP: 10.96.0.1, \(spec)}
            status: {\(status)}
            """
        )
        #expect(reader.errors.isEmpty && reader.notes.isEmpty, "\(reader.errors)\(reader.notes)")
        let service = try #require(reader.manifests.services.values.first)
        #expect(service.ports.count == 1)
        return try #require(service.ports.values.first)
    }

    @Test func whatIsSaidOfNothing() throws {
        #expect(try port("ports: [{port: 80}]") == ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 1)]))
        let nulls = "type: null, externalIPs: null, sessionAffinity: ~, ports: [{name: , port: 80, protocol: null}]"
        #expect(try port(nulls) == port("ports: [{port: 80}]"))
    }

    @Test(arguments: zip(["TCP", "UDP", "SCTP"], [TransportProtocol.tcp, .udp, .sctp]))
    func protocols(name: String, transport: TransportProtocol) throws {
        #expect(try port("ports: [{port: 80, protocol: \(name)}]").transport == transport)
    }

    @Test(arguments: ["NodePort", "LoadBalancer"])
    func nodePorts(type: String) throws {
        #expect(try port("type: \(type), ports: [{port: 80, nodePort: 30080}]").nodePort == 30_080)
        #expect(try port("type: \(type), ports: [{port: 80, nodePort: 0}]").nodePort == nil)
    }

    @Test(arguments: ["", "type: ClusterIP, "])
    func aNodePortThatIsNotServed(type: String) {
        let reader = read(
            """
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec: {\(type)clusterIP: 10.96.0.1, ports: [{port: 80, nodePort: 30080}]}
            """
        )
        #expect(reader.errors.isEmpty)
        #expect(reader.manifests.services.values.first?.ports[""]?.nodePort == nil)
        #expect(
            reader.notes.map(\.description) == [
                "a.yaml:4: Service default/web: spec.ports[0].nodePort: 30080 is not served, as the service's type is ClusterIP"
            ]
        )
    }

    @Test func clusterIPs() throws {
        #expect(try port("clusterIPs: [10.96.0.1], ports: [{port: 80}]").clusterIPs == [IPAddress(10, 96, 0, 1)])
        let both = try port("clusterIPs: [10.96.0.1, 'fd00::1'], ports: [{port: 80}]").clusterIPs
        #expect(both.map(\.description) == ["10.96.0.1", "fd00::1"])
    }

    @Test func sessionAffinity() throws {
        let ports = "ports: [{port: 80}]"
        #expect(try port("sessionAffinity: None, \(ports)").sessionAffinity == .none)
        #expect(try port("sessionAffinity: ClientIP, \(ports)").sessionAffinity == .clientIP(timeout: 10_800))
        let config = "sessionAffinityConfig: {clientIP: {timeoutSeconds: 90}}"
        #expect(try port("sessionAffinity: ClientIP, \(config), \(ports)").sessionAffinity == .clientIP(timeout: 90))
        let none = read(Sample.service() + "  \(config)\n").manifests.services.values.first?.ports[""]
        #expect(none?.sessionAffinity == ServicePort.SessionAffinity.none)
    }

    @Test func trafficPolicies() throws {
        let local = try port("internalTrafficPolicy: Local, externalTrafficPolicy: Cluster, ports: [{port: 80}]")
        #expect(local.internalTrafficPolicy == .local && local.externalTrafficPolicy == .cluster)
    }

    @Test func loadBalancers() throws {
        let ingress = "[{ip: 192.0.2.1}, {ip: 192.0.2.2, ipMode: VIP}, {ip: 127.0.0.1, ipMode: Proxy}, {hostname: a.b}]"
        let balanced = try port("ports: [{port: 80}]", status: "loadBalancer: {ingress: \(ingress)}")
        #expect(balanced.loadBalancerIPs == [IPAddress(192, 0, 2, 1), IPAddress(192, 0, 2, 2)])
    }

    @Test(
        arguments: [
            ("clusterIP: None", "is headless, so that its clients need no proxy", false),
            ("clusterIPs: [None]", "is headless, so that its clients need no proxy", false),
            ("type: ExternalName, externalName: a.b", "is an ExternalName, which is for DNS alone", false),
            ("clusterIP: ''", "is not served, as it has no cluster IP", true),
            ("type: NodePort", "is not served, as it has no cluster IP", true),
        ]
    )
    func servicesThatAreNotServed(spec: String, reason: String, isWarning: Bool) {
        let reader = read(
            "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {\(spec), ports: [{port: 80}]}\n"
        )
        #expect(reader.errors.isEmpty && reader.manifests.services.isEmpty)
        #expect(reader.notes.map(\.description) == ["a.yaml:1: Service default/web \(reason)"])
        #expect(reader.notes.map(\.isWarning) == [isWarning])
    }

    @Test(
        arguments: [
            ("service.kubernetes.io/service-proxy-name: cilium", "is for another proxy, \"cilium\""),
            ("service.kubernetes.io/service-proxy-name: ''", "is for another proxy, \"\""),
            ("service.kubernetes.io/headless: ", "is of a headless service"),
        ]
    )
    func labelsThatSayItIsOthers(label: String, reason: String) {
        let labels = "labels: {\(label), kubernetes.io/service-name: web}"
        let reader = read(
            """
            apiVersion: v1
            kind: Service
            metadata: {name: web, \(labels)}
            spec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: web-1, \(labels)}
            addressType: IPv4
            """
        )
        #expect(reader.errors.isEmpty && reader.manifests == Manifests())
        #expect(
            reader.notes.map(\.sentence)
                == ["Service default/web", "EndpointSlice default/web-1"].map { "\($0) \(reason)" }
        )
    }

    /// The endpoints of a slice's only port.
    private func endpoints(_ text: String, ports: String = "[{port: 80}]") throws -> [ServiceEndpoint] {
        let reader = read(
            """
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
            addressType: IPv4
            ports: \(ports)
            endpoints: \(text)
            """
        )
        #expect(reader.errors.isEmpty, "\(reader.errors)")
        return try #require(reader.manifests.slices.values.first).endpoints.values.first ?? []
    }

    @Test(
        arguments: [
            ("{}", true, true, false), ("null", true, true, false), ("{ready: null}", true, true, false),
            ("{ready: true}", true, true, false), ("{ready: false}", false, false, false),
            ("{ready: false, serving: true}", false, true, false),
            ("{ready: false, serving: true, terminating: true}", false, true, true),
            ("{ready: true, serving: false}", true, false, false), ("{terminating: true}", true, true, true),
        ]
    )
    func conditions(text: String, isReady: Bool, isServing: Bool, isTerminating: Bool) throws {
        let endpoint = try #require(try endpoints("[{addresses: [10.244.0.1], conditions: \(text)}]").first)
        #expect(endpoint.isReady == isReady)
        #expect(endpoint.isServing == isServing)
        #expect(endpoint.isTerminating == isTerminating)
    }

    @Test(arguments: [("node-a", true), ("node-b", false), ("null", false), ("NODE-A", false)])
    func nodes(name: String, isLocal: Bool) throws {
        #expect(try endpoints("[{addresses: [10.244.0.1], nodeName: \(name)}]").map(\.isLocal) == [isLocal])
    }

    @Test func theFirstAddressCounts() throws {
        let endpoints = try endpoints("[{addresses: [10.244.0.9, 10.244.0.1]}]")
        #expect(endpoints.map(\.endpoint) == [Endpoint(IPAddress(10, 244, 0, 9), 80)])
    }

    @Test func aPortWithoutNumberIsNone() throws {
        #expect(try endpoints("[{addresses: [10.244.0.1]}]", ports: "[{name: all}]").isEmpty)
        #expect(try endpoints("[{addresses: [10.244.0.1]}]", ports: "null").isEmpty)
    }

    @Test(
        arguments: [
            ("labels: {kubernetes.io/service-name: web}", "FQDN", "is left out: host names are not served", true),
            ("labels: {a: b}", "IPv4", "has no label kubernetes.io/service-name, so that it is of no service", true),
            ("labels: null", "IPv4", "has no label kubernetes.io/service-name, so that it is of no service", true),
            (
                "labels: {kubernetes.io/service-name: null}", "IPv4",
                "has no label kubernetes.io/service-name, so that it is of no service", true
            ),
            (
                "labels: {kubernetes.io/servicename: web}", "IPv4",
                "has no label kubernetes.io/service-name, so that it is of no service; "
                    + "the label kubernetes.io/servicename is nearly it", true
            ),
        ]
    )
    func slicesThatAreNotServed(labels: String, type: String, reason: String, isWarning: Bool) {
        let reader = read(
            """
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: web-1, \(labels)}
            addressType: \(type)
            endpoints: [{addresses: [example.org]}]
            """
        )
        #expect(reader.errors.isEmpty && reader.manifests.slices.isEmpty)
        #expect(reader.notes.map(\.sentence) == ["EndpointSlice default/web-1 \(reason)"])
        #expect(reader.notes.map(\.isWarning) == [isWarning])
    }
}
