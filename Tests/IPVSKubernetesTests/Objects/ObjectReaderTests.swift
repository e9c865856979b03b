import FoundationEssentials
import IPVS
import IPVSKubernetes
import IPVSProxy
import KubernetesAPI
import Testing

/// What services and slices of an API server mean to the proxier of a node.
struct ObjectReaderTests {
    private let reader = ObjectReader(node: "node-1", zone: "zone-a")

    private func service(_ spec: String, status: String = "{}", labels: String = "{}") throws -> Reading<
        ServiceDefinition
    > {
        let json = """
            {"metadata": {"name": "web", "namespace": "default", "labels": \(labels)}, "spec": \(spec), "status": \(status)}
            """
        return reader.service(try JSONDecoder().decode(CoreV1.Service.self, from: Data(json.utf8)))
    }

    private func slice(_ fields: String, labels: String? = nil) throws -> Reading<ReadSlice> {
        let labels = labels ?? #"{"kubernetes.io/service-name": "web"}"#
        let json = """
            {"metadata": {"name": "web-x", "namespace": "default", "labels": \(labels)}, \(fields)}
            """
        return reader.slice(try JSONDecoder().decode(DiscoveryV1.EndpointSlice.self, from: Data(json.utf8)))
    }

    @Test("A service of each field")
    func whole() throws {
        let reading = try service(
            """
            {"type": "LoadBalancer", "clusterIP": "10.96.0.10", "clusterIPs": ["10.96.0.10", "fd00::10"],
             "ports": [{"name": "http", "port": 80, "nodePort": 30080}, {"name": "dns", "protocol": "UDP", "port": 53}],
             "externalIPs": ["192.0.2.1"], "sessionAffinity": "ClientIP",
             "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 60}}, "externalTrafficPolicy": "Local",
             "healthCheckNodePort": 31000, "loadBalancerSourceRanges": ["198.51.100.0/24", " 203.0.113.0/24 "]}
            """,
            status:
                #"{"loadBalancer": {"ingress": [{"ip": "192.0.2.9"}, {"ip": "192.0.2.8", "ipMode": "Proxy"}, {"hostname": "x"}]}}"#
        )
        var port = ServicePort(
            .tcp,
            80,
            clusterIPs: [try #require(IPAddress("10.96.0.10")), try #require(IPAddress("fd00::10"))]
        )
        port.nodePort = 30_080
        port.externalIPs = [try #require(IPAddress("192.0.2.1"))]
        port.loadBalancerIPs = [try #require(IPAddress("192.0.2.9"))]
        port.loadBalancerSourceRanges = [
            try #require(IPAddress.Block("198.51.100.0/24")), try #require(IPAddress.Block("203.0.113.0/24")),
        ]
        port.sessionAffinity = .clientIP(timeout: 60)
        port.externalTrafficPolicy = .local
        var dns = port
        dns.transport = .udp
        dns.port = 53
        dns.nodePort = nil
        let expected = ServiceDefinition(
            NamespacedName("default", "web"),
            ports: ["http": port, "dns": dns],
            healthCheckNodePort: 31_000
        )
        #expect(reading.value == expected)
        #expect(reading.notes == [])
    }

    @Test(
        "Services that no node serves",
        arguments: [
            (#"{"clusterIP": "None"}"#, "{}", "Service default/web is headless, so that its clients need no proxy"),
            (#"{"type": "ExternalName"}"#, "{}", "Service default/web is an ExternalName, which is for DNS alone"),
            (#"{"ports": [{"port": 80}]}"#, "{}", "Service default/web is not served, as it has no cluster IP"),
            (
                #"{"clusterIP": "10.96.0.1"}"#, #"{"service.kubernetes.io/service-proxy-name": "other"}"#,
                #"Service default/web is for another proxy, "other""#
            ),
        ]
    )
    func unserved(spec: String, labels: String, note: String) throws {
        let reading = try service(spec, labels: labels)
        #expect(reading.value == nil)
        #expect(reading.notes.map(\.description) == [note])
    }

    @Test("What can't be served is left out, and the rest is served")
    func leftOut() throws {
        let reading = try service(
            """
            {"clusterIPs": ["10.96.0.1"], "externalIPs": ["x", "127.0.0.1", "::ffff:192.0.2.1", "010.0.0.1"],
             "ports": [{"name": "a", "port": 80}, {"name": "b", "port": 81, "protocol": "QUIC"}, {"name": "c", "port": 0}]}
            """
        )
        #expect(reading.value?.ports.keys.sorted() == ["a"])
        #expect(reading.value?.ports["a"]?.externalIPs.map(\.description) == ["192.0.2.1", "10.0.0.1"])
        #expect(
            reading.notes.map(\.description) == [
                #"Service default/web: spec.externalIPs[0]: "x" is not an IP address; it is left out"#,
                "Service default/web: spec.externalIPs[1]: 127.0.0.1 is a loopback address, which no service can have; it is left out",
                "Service default/web: spec.externalIPs[2]: ::ffff:192.0.2.1 is IPv4-mapped, and counts as 192.0.2.1",
                #"Service default/web: spec.ports[1].protocol: "QUIC" is none of TCP, UDP, SCTP; the port is left out"#,
                "Service default/web: spec.ports[2].port: 0 is not from 1 to 65535; the port is left out",
            ]
        )
    }

    @Test("A load balancer without a valid source range lets nobody in")
    func noValidRange() throws {
        let reading = try service(
            #"{"type": "LoadBalancer", "clusterIP": "10.96.0.1", "ports": [{"port": 80}], "loadBalancerSourceRanges": ["x"]}"#,
            status: #"{"loadBalancer": {"ingress": [{"ip": "192.0.2.9"}]}}"#
        )
        #expect(reading.value?.ports[""]?.loadBalancerIPs == [])
        #expect(reading.notes.count == 2)
    }

    @Test(
        "Source ranges in the forms that an API server accepts",
        arguments: [
            ("192.0.2.0/24", "192.0.2.0/24"), ("192.0.2.7/24", "192.0.2.0/24"), (#" 192.0.2.0/24\t"#, "192.0.2.0/24"),
            ("192.000.002.0/024", "192.0.2.0/24"), ("2001:DB8::1/32", "2001:db8::/32"), ("::/0", "::/0"),
            ("::ffff:192.0.2.7/120", "192.0.2.0/24"), ("::ffff:0:0/95", "::fffe:0:0/95"),
        ]
    )
    func sourceRanges(text: String, block: String) throws {
        let reading = try service(
            """
            {"type": "LoadBalancer", "clusterIP": "10.96.0.10", "ports": [{"port": 80}],
             "loadBalancerSourceRanges": ["\(text)"]}
            """
        )
        #expect(reading.value?.ports[""]?.loadBalancerSourceRanges.map(\.description) == [block])
        let isMapped = text.hasPrefix("::ffff:192")
        #expect(reading.notes.map(\.field) == (isMapped ? ["spec.loadBalancerSourceRanges[0]"] : []))
    }

    @Test(
        "Texts that are no source range",
        arguments: [
            "", " ", "192.0.2.0", "192.0.2.0/33", "192.0.2.0/+8", "192.0.2.0/", "::/129", "192.0.2.0 /24",
            "::ffff:0:0/129",
        ]
    )
    func wrongSourceRanges(text: String) throws {
        let reading = try service(
            """
            {"type": "LoadBalancer", "clusterIP": "10.96.0.10", "ports": [{"port": 80}],
             "loadBalancerSourceRanges": ["198.51.100.0/24", "\(text)"]}
            """
        )
        let block = try #require(IPAddress.Block("198.51.100.0/24"))
        #expect(reading.value?.ports[""]?.loadBalancerSourceRanges == [block])
        #expect(reading.notes.map(\.field) == ["spec.loadBalancerSourceRanges[1]"])
    }

    @Test(
        "A load balancer's address is served in the mode VIP alone",
        arguments: [("VIP", 1, 0), ("", 1, 0), ("Proxy", 0, 0), ("Direct", 0, 1)]
    )
    func modes(mode: String, addresses: Int, warnings: Int) throws {
        let reading = try service(
            #"{"type": "LoadBalancer", "clusterIP": "10.96.0.10", "clusterIPs": [""], "ports": [{"port": 80}]}"#,
            status: #"{"loadBalancer": {"ingress": [{"ip": "192.0.2.9", "ipMode": "\#(mode)"}]}}"#
        )
        #expect(reading.value?.ports[""]?.loadBalancerIPs.count == addresses)
        #expect(reading.notes.count { $0.isWarning } == warnings)
    }

    @Test("A slice with conditions, node names and hints")
    func endpoints() throws {
        let reading = try slice(
            """
            "addressType": "IPv4", "ports": [{"name": "http", "protocol": "TCP", "port": 8080}], "endpoints": [
            {"addresses": ["10.244.0.1"], "nodeName": "node-1", "hints": {"forZones": [{"name": "zone-a"}]}},
            {"addresses": ["10.244.0.2"], "conditions": {"ready": false, "serving": true, "terminating": true}},
            {"addresses": ["fd00::1"]}, {"addresses": []}]
            """
        )
        let first = try #require(Endpoint("10.244.0.1:8080")), second = try #require(Endpoint("10.244.0.2:8080"))
        let expected = EndpointSlice(
            NamespacedName("default", "web-x"),
            of: NamespacedName("default", "web"),
            endpoints: [
                "http": [
                    ServiceEndpoint(first, isLocal: true, hints: .thisZone),
                    ServiceEndpoint(second, isReady: false, isServing: true, isTerminating: true),
                ]
            ]
        )
        #expect(reading.value?.slice == expected)
        #expect(reading.value?.transports == ["http": .tcp])
        #expect(
            reading.notes.map(\.description) == [
                "EndpointSlice default/web-x: endpoints[2].addresses[0]: fd00::1 is not an address of the slice's addressType; the endpoint is left out",
                "EndpointSlice default/web-x: endpoints[3].addresses: is missing; the endpoint is left out",
            ]
        )
    }

    @Test(
        "Slices that no node serves",
        arguments: [
            (
                #""addressType": "FQDN""#, nil,
                "EndpointSlice default/web-x: addressType: is FQDN: host names are not served"
            ),
            (
                #""addressType": "IPv4""#, "{}",
                "EndpointSlice default/web-x has no label kubernetes.io/service-name, so that it is of no service"
            ),
            (
                #""addressType": "IPv4""#,
                #"{"kubernetes.io/service-name": "web", "service.kubernetes.io/headless": ""}"#,
                "EndpointSlice default/web-x is of a headless service"
            ),
        ] as [(String, String?, String)]
    )
    func unservedSlices(fields: String, labels: String?, note: String) throws {
        let reading = try slice(fields, labels: labels)
        #expect(reading.value == nil)
        #expect(reading.notes.map(\.description) == [note])
    }
}
