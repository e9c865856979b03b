import IPVSTestModels

/// Services with slices in JSON, of which many have odd values.
struct RandomObjects {
    private var generator: SplitMix64

    init(seed: UInt64) { generator = SplitMix64(seed: seed) }

    mutating func serviceWithSlices() -> String {
        let slices = (0..<Int.random(in: 0...2, using: &generator)).map { slice($0) }
        let items = ([service()] + slices).joined(separator: ", ")
        return #"{"apiVersion": "v1", "kind": "List", "items": [\#(items)]}"#
    }

    /// One of the usual values, or now and then an odd one.
    private mutating func value(_ usual: [String], odd: [String]) -> String {
        let isOdd = Int.random(in: 0..<24, using: &generator) == 0
        return (isOdd ? odd : usual).randomElement(using: &generator) ?? "null"
    }

    private mutating func isPresent(_ chance: Int = 3) -> Bool { Int.random(in: 0..<chance, using: &generator) == 0 }

    private mutating func list(_ counts: ClosedRange<Int>, _ element: (inout Self) -> String) -> String {
        let elements = (0..<Int.random(in: counts, using: &generator)).map { _ in element(&self) }
        return "[\(elements.joined(separator: ", "))]"
    }

    private mutating func object(_ fields: [(String, Int, (inout Self) -> String)]) -> String {
        var texts: [String] = []
        for (name, chance, value) in fields where isPresent(chance) { texts.append("\"\(name)\": \(value(&self))") }
        return "{\(texts.joined(separator: ", "))}"
    }

    private mutating func labels(_ service: String?) -> String {
        var labels: [String] = []
        if let service { labels.append(#""kubernetes.io/service-name": \#(service)"#) }
        if isPresent(20) { labels.append(#""service.kubernetes.io/service-proxy-name": "other""#) }
        if isPresent(20) { labels.append(#""service.kubernetes.io/headless": """#) }
        return "{\(labels.joined(separator: ", "))}"
    }

    private static let addresses = [
        #""10.96.0.1""#, #""10.96.0.2""#, #""192.0.2.7""#, #""fd00::1""#, #""2001:db8::9""#,
    ]

    private static let oddAddresses = [
        #""""#, #""None""#, #""x""#, #""127.0.0.1""#, #""169.254.1.1""#, #""224.0.0.1""#, #""255.255.255.255""#,
        #""0.0.0.0""#,
        #""::""#, #""::1""#, #""fe80::1""#, #""febf::1""#, #""fec0::1""#, #""ff02::1""#, #""010.096.000.001""#,
        #""fd00::0000001""#,
        #""0fd00::1""#, #""::ffff:10.96.0.1""#, #""::ffff:010.96.0.9""#, #""0:0::ffff:a60:1""#, #""::10.0.0.1""#,
        #""10.96.0""#,
        #""10.96.0.1.""#, #"" 10.96.0.1""#, #""fd00::1%eth0""#, #""10.96.0.0/16""#, #""a::b::c""#, #""00.00.00.00""#,
    ]

    private static let blocks = [#""192.0.2.0/24""#, #""10.0.0.0/8""#, #""2001:db8::/32""#, #""0.0.0.0/0""#]

    private static let oddBlocks = [
        #""""#, #"" 10.0.0.0/8 ""#, #""10.1.2.3/8""#, #""010.0.0.0/08""#, #""::ffff:10.0.0.0/104""#,
        #""::ffff:0:0/95""#,
        #""10.0.0.0/33""#, #""10.0.0.0/+8""#, #""10.0.0.0""#, #""fd00::00000/64""#, #""10.0.0.0/""#, #""/8""#,
        #""fd00::/129""#,
    ]

    private static let ports = ["80", "443", "53", "8080"]
    private static let oddPorts = ["0", "-1", "65535", "65536", "99999999999", "80.0"]
    private static let nodePorts = ["0", "30080", "30443", "31000"]
    private static let policies = [#""Cluster""#, #""Local""#]
    private static let oddPolicies = [#""""#, #""local""#, #""PreferLocal""#, "null"]
    private static let protocols = [#""TCP""#, #""UDP""#, #""SCTP""#]
    private static let oddProtocols = [#""""#, #""tcp""#, #""QUIC""#, "null"]

    private mutating func address() -> String { value(Self.addresses, odd: Self.oddAddresses) }

    private mutating func service() -> String {
        let metadata = #"{"name": "web", "namespace": "default", "labels": \#(labels(nil))}"#
        let type = value(
            [#""ClusterIP""#, #""NodePort""#, #""LoadBalancer""#],
            odd: [#""""#, #""ExternalName""#, #""Odd""#]
        )
        let clusterIP = address()
        var clusterIPs = value([clusterIP], odd: [#""None""#, #""""#] + Self.addresses)
        if isPresent() { clusterIPs += ", " + value([#""fd00::1""#], odd: Self.addresses + Self.oddAddresses) }
        let spec = object([
            ("type", 1, { _ in type }),
            ("clusterIP", 1, { _ in clusterIP }),
            ("clusterIPs", 2, { _ in "[\(clusterIPs)]" }),
            ("externalIPs", 3, { $0.list(0...3) { $0.address() } }),
            ("loadBalancerSourceRanges", 5, { $0.list(0...3) { $0.value(Self.blocks, odd: Self.oddBlocks) } }),
            (
                "sessionAffinity", 3,
                { $0.value([#""None""#, #""ClientIP""#], odd: [#""""#, #""ClientIp""#, #""Cookie""#]) }
            ),
            ("sessionAffinityConfig", 6, { $0.affinityConfig() }),
            ("internalTrafficPolicy", 4, { $0.value(Self.policies, odd: Self.oddPolicies) }),
            ("externalTrafficPolicy", 4, { $0.value(Self.policies, odd: Self.oddPolicies) }),
            ("healthCheckNodePort", 6, { $0.value(Self.nodePorts, odd: Self.oddPorts) }),
            ("ports", 1, { $0.servicePorts() }),
        ])
        let status = list(0...2) { generator in
            generator.object([
                ("ip", 1, { $0.address() }),
                ("ipMode", 4, { $0.value([#""VIP""#, #""Proxy""#], odd: [#""""#, #""vip""#, #""Direct""#]) }),
            ])
        }
        return """
            {"apiVersion": "v1", "kind": "Service", "metadata": \(metadata), "spec": \(spec),
             "status": {"loadBalancer": {"ingress": \(status)}}}
            """
    }

    private mutating func affinityConfig() -> String {
        let timeout = value(["1", "60", "10800", "86400", "null"], odd: ["0", "-1", "86401", "99999999999"])
        return value([#"{"clientIP": {"timeoutSeconds": \#(timeout)}}"#], odd: ["{}", #"{"clientIP": {}}"#, "null"])
    }

    private mutating func servicePorts() -> String {
        let names = ["a", "b", "c"]
        let ports = (0..<Int.random(in: isPresent(30) ? 0...0 : 1...3, using: &generator)).map { index in
            object([
                ("name", 1, { $0.value([#""\#(names[index])""#], odd: [#""a""#, #""""#, #""b""#, "null"]) }),
                ("protocol", 2, { $0.value(Self.protocols, odd: Self.oddProtocols) }),
                ("port", 1, { $0.value([Self.ports[index]], odd: Self.ports + Self.oddPorts + [#""80""#]) }),
                ("nodePort", 4, { $0.value([Self.nodePorts[index]], odd: Self.nodePorts + Self.oddPorts) }),
            ])
        }
        return "[\(ports.joined(separator: ", "))]"
    }

    private mutating func slice(_ number: Int) -> String {
        let service = value([#""web""#], odd: [#""""#, #""Web""#, #""web.x""#, #""-web""#, #""other""#])
        let labels = labels(isPresent(40) ? nil : service)
        let metadata = #"{"name": "web-\#(number)", "namespace": "default", "labels": \#(labels)}"#
        let type = value([#""IPv4""#, #""IPv4""#, #""IPv6""#], odd: [#""FQDN""#, #""""#, #""ipv4""#, #""Odd""#])
        let names = ["a", "b", "c"]
        let ports = (0..<Int.random(in: 0...3, using: &generator)).map { index in
            object([
                ("name", 1, { $0.value([#""\#(names[index])""#], odd: [#""a""#, #""""#, #""b""#, "null"]) }),
                ("protocol", 2, { $0.value(Self.protocols, odd: Self.oddProtocols) }),
                ("port", 1, { $0.value(Self.ports, odd: Self.oddPorts + ["null"]) }),
            ])
        }
        let families = type == #""IPv6""# ? [#""fd00::1""#, #""fd00::2""#] : [#""10.0.0.1""#, #""10.0.0.2""#]
        let endpoints = list(0...4) { $0.endpoint(families) }
        return """
            {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": \(metadata), "addressType": \(type),
             "ports": [\(ports.joined(separator: ", "))], "endpoints": \(endpoints)}
            """
    }

    private mutating func endpoint(_ addresses: [String]) -> String {
        let truth = ["true", "false"]
        return object([
            (
                "addresses", 1,
                { $0.list($0.isPresent(20) ? 0...3 : 1...1) { $0.value(addresses, odd: Self.oddAddresses) } }
            ),
            (
                "conditions", 2,
                { generator in
                    generator.object(
                        ["ready", "serving", "terminating"].map {
                            ($0, 2, { $0.value(truth, odd: ["null", #""true""#]) })
                        }
                    )
                }
            ),
            ("nodeName", 2, { $0.value([#""node-a""#, #""node-b""#], odd: [#""""#, "null"]) }),
            (
                "hints", 4,
                { generator in
                    generator.object([
                        (
                            "forZones", 2,
                            { $0.list(0...2) { $0.value([#"{"name": "zone-a"}"#], odd: [#"{"name": "b"}"#]) } }
                        ),
                        (
                            "forNodes", 3,
                            { $0.list(0...2) { $0.value([#"{"name": "node-a"}"#], odd: [#"{"name": "b"}"#]) } }
                        ),
                    ])
                }
            ),
        ])
    }
}
