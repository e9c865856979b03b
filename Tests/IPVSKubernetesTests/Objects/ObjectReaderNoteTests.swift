import FoundationEssentials
import IPVS
import IPVSKubernetes
import IPVSProxy
import KubernetesAPI
import Testing

/// What is said of parts of services and slices that are not served.
struct ObjectReaderNoteTests {
    private func service(_ spec: String, status: String = "{}") throws -> Reading<ServiceDefinition> {
        let json = #"{"metadata": {"name": "web", "namespace": "default"}, "spec": \#(spec), "status": \#(status)}"#
        let service = try JSONDecoder().decode(CoreV1.Service.self, from: Data(json.utf8))
        return ObjectReader(node: "node-1").service(service)
    }

    private func slice(_ fields: String, of service: String = "web", zone: String? = nil) throws -> Reading<ReadSlice> {
        let json = """
            {"metadata": {"name": "web-x", "namespace": "default", "labels": {"kubernetes.io/service-name": "\(service)"}},
             \(fields)}
            """
        let slice = try JSONDecoder().decode(DiscoveryV1.EndpointSlice.self, from: Data(json.utf8))
        return ObjectReader(node: "node-1", zone: zone).slice(slice)
    }

    private func notes<Value>(_ reading: Reading<Value>) -> [String] {
        reading.notes.map { $0.field.isEmpty ? $0.reason : "\($0.field): \($0.reason)" }
    }

    /// All fields that a server of Kubernetes 1.34 sets.
    @Test(
        "Nothing is said of what every cluster has",
        arguments: [
            """
            {"type": "ClusterIP", "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1", "fd00::1"],
             "ipFamilies": ["IPv4", "IPv6"], "ipFamilyPolicy": "PreferDualStack", "internalTrafficPolicy": "Cluster",
             "sessionAffinity": "None", "selector": {"app": "web"},
             "ports": [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": "http"}]}
            """,
            """
            {"type": "LoadBalancer", "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"], "externalTrafficPolicy": "Local",
             "healthCheckNodePort": 31000, "allocateLoadBalancerNodePorts": true, "sessionAffinity": "ClientIP",
             "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}}, "loadBalancerSourceRanges": ["10.0.0.0/8"],
             "ports": [{"name": "dns", "protocol": "UDP", "port": 53, "nodePort": 30053},
                       {"name": "dns-tcp", "protocol": "TCP", "port": 53, "nodePort": 30053}]}
            """,
            #"{"type": "NodePort", "clusterIP": "10.96.0.1", "externalTrafficPolicy": "Cluster", "ports": [{"port": 80, "nodePort": 30080}]}"#,
        ]
    )
    func usualServices(spec: String) throws {
        let reading = try service(spec)
        #expect(reading.value?.ports.isEmpty == false)
        #expect(reading.notes == [])
    }

    @Test("Services without a proxy are no reason for a warning")
    func usualUnserved() throws {
        let specs = [
            #"{"type": "ClusterIP", "clusterIP": "None", "clusterIPs": ["None"], "ports": [{"port": 80}]}"#,
            #"{"type": "ExternalName", "externalName": "example.com"}"#,
        ]
        for spec in specs {
            let reading = try service(spec)
            #expect(reading.value == nil)
            #expect(reading.notes.map(\.isWarning) == [false])
        }
    }

    @Test(
        "Fields without effect",
        arguments: [
            (
                #""externalTrafficPolicy": "Local""#,
                "spec.externalTrafficPolicy: Local has no effect, as the service has no external addresses"
            ),
            (
                #""healthCheckNodePort": 31000"#,
                "spec.healthCheckNodePort: has no effect, as externalTrafficPolicy is not Local"
            ),
            (
                #""externalTrafficPolicy": "Local", "type": "NodePort", "healthCheckNodePort": 31000"#,
                "spec.healthCheckNodePort: has no effect, as the service's type is NodePort"
            ),
            (
                #""loadBalancerSourceRanges": ["10.0.0.0/8"]"#,
                "spec.loadBalancerSourceRanges: has no effect, as the service's type is ClusterIP"
            ),
            (
                #""sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 5}}"#,
                "spec.sessionAffinityConfig.clientIP: has no effect, as sessionAffinity is not ClientIP"
            ),
            (
                #""type": "Odd""#,
                #"spec.type: "Odd" is none of ClusterIP, NodePort, LoadBalancer, ExternalName; it counts as ClusterIP"#
            ),
            (#""healthCheckNodePort": 0"#, nil),
        ] as [(String, String?)]
    )
    func fieldsWithoutEffect(fields: String, note: String?) throws {
        let reading = try service(#"{"clusterIP": "10.96.0.1", "ports": [{"port": 80}], \#(fields)}"#)
        #expect(reading.value?.ports[""]?.port == 80)
        #expect(notes(reading) == [note].compactMap(\.self))
        #expect(!reading.notes.contains { !$0.isWarning })
    }

    @Test("Node ports of a service that has none have one note")
    func nodePorts() throws {
        let reading = try service(
            """
            {"clusterIP": "10.96.0.1", "ports": [
             {"name": "a", "port": 80, "nodePort": 30080}, {"name": "b", "port": 81, "nodePort": 30081},
             {"name": "c", "port": 82, "nodePort": 70000}]}
            """
        )
        #expect(reading.value?.ports.values.allSatisfy { $0.nodePort == nil } == true)
        #expect(
            notes(reading) == [
                "spec.ports[0].nodePort: 30080 is not served, as the service's type is ClusterIP; so is 1 more",
                "spec.ports[2].nodePort: 70000 is not from 0 to 65535; it is left out",
            ]
        )
    }

    @Test("Addresses of services that are not served")
    func unservedAddresses() throws {
        let headless = try service(#"{"clusterIP": "None", "externalIPs": ["192.0.2.1"]}"#)
        #expect(headless.value == nil)
        #expect(
            headless.notes.last?.description
                == "Service default/web: spec.externalIPs: are not served, as the service is headless"
        )
        let external = try service(
            #"{"type": "ExternalName", "clusterIP": "10.96.0.1", "externalIPs": ["192.0.2.1"]}"#
        )
        #expect(external.value == nil)
        #expect(
            notes(external) == [
                "spec.clusterIP: is not served, as the service is an ExternalName",
                "is an ExternalName, which is for DNS alone",
                "spec.externalIPs: are not served, as the service is an ExternalName",
            ]
        )
    }

    @Test(
        "Cluster IPs that contradict each other",
        arguments: [
            #""clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.2"]"#,
            #""clusterIP": "10.96.0.1", "clusterIPs": ["None"]"#,
            #""clusterIP": "None", "clusterIPs": ["10.96.0.1"]"#, #""clusterIPs": ["None", "10.96.0.1"]"#,
            #""clusterIPs": ["10.96.0.1", "None"]"#, #""clusterIP": "None", "type": "NodePort""#,
        ]
    )
    func contradictions(fields: String) throws {
        let reading = try service(#"{"ports": [{"port": 80}], \#(fields)}"#)
        #expect(reading.value == nil)
        #expect(reading.notes.map(\.isWarning) == [true])
    }

    @Test("A service has one cluster IP of each family")
    func families() throws {
        let reading = try service(
            #"{"clusterIP": "010.96.0.1", "clusterIPs": ["10.96.0.1", "10.96.0.2", "fd00::0001"], "ports": [{"port": 80}]}"#
        )
        #expect(reading.value?.ports[""]?.clusterIPs.map(\.description) == ["10.96.0.1", "fd00::1"])
        #expect(notes(reading) == ["spec.clusterIPs[1]: 10.96.0.2 is a second IPv4 address; it is left out"])
    }

    @Test("Of ports with the same name or number, none is served for another one")
    func samePorts() throws {
        let reading = try service(
            """
            {"type": "NodePort", "clusterIP": "10.96.0.1", "ports": [
             {"name": "a", "port": 80}, {"name": "a", "port": 81}, {"name": "a", "port": 82},
             {"name": "b", "port": 80, "nodePort": 30080}, {"name": "c", "port": 80},
             {"name": "d", "port": 83, "nodePort": 30080}, {"name": "e", "port": 80, "protocol": "UDP", "nodePort": 30080}]}
            """
        )
        #expect(reading.value?.ports.mapValues(\.nodePort) == ["b": 30_080, "d": nil, "e": 30_080])
        #expect(
            notes(reading) == [
                #"spec.ports[1].name: "a" is the name of another port as well; ports of this name are left out"#,
                "spec.ports[4]: TCP 80 is another port as well; the port is left out",
                "spec.ports[5].nodePort: TCP 30080 is the node port of another port as well; it is left out",
            ]
        )
    }

    @Test("Notes of one cause are one note")
    func folding() throws {
        let reading = try slice(
            """
            "addressType": "IPv4", "ports": [
             {"name": "a", "port": 80}, {"name": "a", "port": 81}, {"name": "b"}, {"name": "c"}, {"name": "d", "port": 0},
             {"name": "e", "port": 70000}, {"name": "f", "port": 82}],
             "endpoints": [{"addresses": ["10.244.0.1", "10.244.0.2", "10.244.0.3"]}, {"addresses": ["x"]}, {"addresses": ["::"]},
             {"addresses": ["224.0.0.1"]}, {}, {"addresses": []}, {"addresses": ["127.0.0.1"]}]
            """
        )
        #expect(
            reading.value?.slice.endpoints.mapValues { $0.map(\.endpoint.description) } == [
                "f": ["10.244.0.1:82", "127.0.0.1:82"]
            ]
        )
        #expect(
            notes(reading) == [
                #"ports[1].name: "a" is the name of another port as well; ports of this name are left out"#,
                "ports[2]: has no port number, and serves no port of a service; so is 1 more",
                "ports[4].port: 0 is not from 1 to 65535; the port is left out; so is 1 more",
                #"endpoints[0].addresses[1]: "10.244.0.2" is left out: only the first address of an endpoint counts; so is 1 more"#,
                #"endpoints[1].addresses[0]: "x" is not an IP address; the endpoint is left out; so are 2 more"#,
                "endpoints[4].addresses: is missing; the endpoint is left out; so is 1 more",
            ]
        )
    }

    @Test("Hints for zones need the node's zone")
    func zoneHints() throws {
        let fields = """
            "addressType": "IPv4", "ports": [{"port": 80}],
             "endpoints": [{"addresses": ["10.244.0.1"], "hints": {"forZones": [{"name": "zone-a"}]}}]
            """
        let unknown = try slice(fields)
        #expect(notes(unknown) == ["has hints for zones, which are ignored, as this node's zone is not known"])
        #expect(try slice(fields, zone: "zone-b").notes == [])
    }

    @Test(
        "Names that no service can have",
        arguments: ["Web", "web.x", "-web", "web-", String(repeating: "a", count: 64)]
    )
    func serviceNames(name: String) throws {
        let reading = try slice(#""addressType": "IPv4""#, of: name)
        #expect(reading.value == nil)
        #expect(reading.notes.map(\.field) == ["metadata.labels.kubernetes.io/service-name"])
    }

    @Test(
        "Addresses with extra zeros",
        arguments: [
            ("010.000.00.001", "10.0.0.1"), ("fd00::0000001", "fd00::1"), ("0fd00::000a", "fd00::a"),
            ("2001:00000db8::0", "2001:db8::"), ("fe80::0:0000", "fe80::"),
        ]
    )
    func zeros(text: String, address: String) throws {
        let family = text.contains(":") ? "IPv6" : "IPv4"
        let reading = try slice(
            #""addressType": "\#(family)", "ports": [{"port": 80}], "endpoints": [{"addresses": ["\#(text)"]}]"#
        )
        #expect(reading.value?.slice.endpoints[""]?.map(\.endpoint.address.description) == [address])
        #expect(reading.notes == [])
    }
}
