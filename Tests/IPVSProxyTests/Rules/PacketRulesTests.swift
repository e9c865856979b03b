import IPVS
import IPVSProxyTestSamples
import Testing

@testable import IPVSProxy

private typealias Key = PacketRules.Key
private typealias Value = PacketRules.Value

@Suite("Packet rules of services")
struct PacketRulesTests {
    /// A family's addresses for one service.
    struct Addresses: Sendable, CustomTestStringConvertible {
        let family: IPAddress.Family
        let (cluster, external, balancer, node, otherNode): (String, String, String, String, String)
        let (local, remote): (String, String)
        let (ranges, nodeRange): ([String], String)

        var testDescription: String { "\(family)" }

        static let all = [
            Addresses(
                family: .ipv4,
                cluster: "10.96.0.1",
                external: "203.0.113.1",
                balancer: "203.0.113.2",
                node: "192.0.2.1",
                otherNode: "192.0.2.2",
                local: "10.244.1.1",
                remote: "10.244.2.1",
                ranges: ["198.51.100.0/24", "198.51.100.128/25"],
                nodeRange: "192.0.2.0/24"
            ),
            Addresses(
                family: .ipv6,
                cluster: "fd00:96::1",
                external: "2001:db8:113::1",
                balancer: "2001:db8:113::2",
                node: "2001:db8::1",
                otherNode: "2001:db8::2",
                local: "fd00:244:1::1",
                remote: "fd00:244:2::1",
                ranges: ["2001:db8:51::/48", "2001:db8:51:1::/64"],
                nodeRange: "2001:db8::/64"
            ),
        ]
    }

    static let transports: [TransportProtocol] = [.tcp, .udp, .sctp]

    private func port(_ addresses: Addresses, _ transport: TransportProtocol) -> ServicePort {
        ServicePort(
            transport,
            80,
            clusterIPs: [address(addresses.cluster)],
            nodePort: 30_080,
            externalIPs: [address(addresses.external)],
            loadBalancerIPs: [address(addresses.balancer)]
        )
    }

    private func rules(
        _ port: ServicePort,
        _ addresses: Addresses,
        _ endpoints: [ServiceEndpoint],
        excluding excluded: [IPAddress.Block] = []
    ) throws -> PacketRules {
        let node = NodeFacts(
            addresses: [address(addresses.node), address(addresses.otherNode)],
            excludedBlocks: excluded
        )
        var state = DesiredState(node: node, packetRules: PacketRules.Options())
        state.update(ServiceDefinition(web, ports: ["http": port]))
        state.update(EndpointSlice(web, of: web, endpoints: ["http": endpoints]))
        let update = state.commit()
        let rules = try #require(state.packetRules)
        var applied = PacketRules()
        applied.apply(update.rules)
        #expect(applied == rules)
        return rules
    }

    private func destination(_ transport: TransportProtocol, _ text: String, _ port: UInt16) -> PacketRules.Destination
    {
        PacketRules.Destination(transport, Endpoint(address(text), port))
    }

    private func endpoint(_ text: String, isLocal: Bool) -> ServiceEndpoint {
        ServiceEndpoint(Endpoint(address(text), 8080), isLocal: isLocal)
    }

    @Test("Cluster policy", arguments: Addresses.all, transports)
    func clusterPolicy(_ addresses: Addresses, _ transport: TransportProtocol) throws {
        let endpoints = [endpoint(addresses.local, isLocal: true), endpoint(addresses.remote, isLocal: false)]
        let rules = try rules(port(addresses, transport), addresses, endpoints)
        #expect(
            rules.elements == [
                .clusterIP(destination(transport, addresses.cluster, 80)): .none,
                .external(destination(transport, addresses.external, 80)): .none,
                .external(destination(transport, addresses.balancer, 80)): .none,
                .external(destination(transport, addresses.node, 30_080)): .none,
                .external(destination(transport, addresses.otherNode, 30_080)): .none,
                .address(address(addresses.cluster)): .none,
                .address(address(addresses.external)): .none,
                .address(address(addresses.balancer)): .none,
                .hairpin(address(addresses.local)): .none,
            ]
        )
        #expect(rules.sourceRanges.isEmpty)
    }

    @Test("Local policy with an endpoint on the node", arguments: Addresses.all, transports)
    func localPolicy(_ addresses: Addresses, _ transport: TransportProtocol) throws {
        var port = port(addresses, transport)
        port.externalTrafficPolicy = .local
        let endpoints = [endpoint(addresses.local, isLocal: true), endpoint(addresses.remote, isLocal: false)]
        let rules = try rules(port, addresses, endpoints)
        let external = [
            destination(transport, addresses.external, 80), destination(transport, addresses.balancer, 80),
            destination(transport, addresses.node, 30_080), destination(transport, addresses.otherNode, 30_080),
        ]
        let cluster = Endpoint(address(addresses.cluster), 80)
        for destination in external {
            #expect(rules.elements[.local(destination)] == Value.none)
            #expect(rules.elements[.redirect(destination)] == .endpoint(cluster))
            #expect(rules.elements[.external(destination)] == nil)
            #expect(rules.elements[.unserved(destination)] == nil)
        }
        #expect(rules.elements[.clusterIP(destination(transport, addresses.cluster, 80))] == Value.none)
    }

    @Test("Local policy without an endpoint on the node", arguments: Addresses.all, transports)
    func localPolicyElsewhere(_ addresses: Addresses, _ transport: TransportProtocol) throws {
        var port = port(addresses, transport)
        port.externalTrafficPolicy = .local
        let balancer = destination(transport, addresses.balancer, 80)
        let nodePort = destination(transport, addresses.node, 30_080)
        var rules = try rules(port, addresses, [endpoint(addresses.remote, isLocal: false)])
        #expect(rules.elements[.unserved(balancer)] == Value.none)
        #expect(rules.elements[.unserved(nodePort)] == Value.none)
        // Pods are still served.
        #expect(rules.elements[.redirect(balancer)] != nil)
        #expect(rules.elements[.hairpin(address(addresses.remote))] == nil)
        #expect(rules.elements[.refused(balancer)] == nil)
        #expect(rules.elements[.refused(destination(transport, addresses.cluster, 80))] == nil)
        // Without any endpoints, connections are refused and not dropped.
        rules = try self.rules(port, addresses, [])
        #expect(rules.elements[.unserved(balancer)] == nil)
        #expect(rules.elements[.refused(balancer)] == Value.none)
        #expect(rules.elements[.refused(destination(transport, addresses.cluster, 80))] == Value.none)
        #expect(rules.elements[.local(balancer)] == Value.none)
        // A terminating endpoint that still serves is one.
        let terminating = ServiceEndpoint(
            Endpoint(address(addresses.local), 8080),
            isLocal: true,
            isReady: false,
            isServing: true,
            isTerminating: true
        )
        rules = try self.rules(port, addresses, [terminating, endpoint(addresses.remote, isLocal: false)])
        #expect(rules.elements[.unserved(balancer)] == nil)
    }

    @Test("Without endpoints that a policy allows, connections are refused", arguments: Addresses.all, transports)
    func withoutEndpoints(_ addresses: Addresses, _ transport: TransportProtocol) throws {
        var port = port(addresses, transport)
        let destinations = [
            destination(transport, addresses.cluster, 80), destination(transport, addresses.external, 80),
            destination(transport, addresses.balancer, 80), destination(transport, addresses.node, 30_080),
            destination(transport, addresses.otherNode, 30_080),
        ]
        let none = try rules(port, addresses, [])
        for destination in destinations { #expect(none.elements[.refused(destination)] == Value.none) }
        let some = try rules(port, addresses, [endpoint(addresses.remote, isLocal: false)])
        for destination in destinations { #expect(some.elements[.refused(destination)] == nil) }
        port.internalTrafficPolicy = .local
        let local = try rules(port, addresses, [endpoint(addresses.remote, isLocal: false)])
        for destination in destinations {
            #expect((local.elements[.refused(destination)] != nil) == (destination == destinations[0]))
        }
    }

    @Test("A cluster IP that is not served gets no redirected connections", arguments: Addresses.all)
    func excludedClusterIP(_ addresses: Addresses) throws {
        var port = port(addresses, .tcp)
        port.externalTrafficPolicy = .local
        let excluded = IPAddress.Block(address(addresses.cluster))
        let rules = try rules(port, addresses, [endpoint(addresses.local, isLocal: true)], excluding: [excluded])
        let balancer = destination(.tcp, addresses.balancer, 80)
        #expect(rules.elements[.local(balancer)] == Value.none)
        #expect(rules.elements[.redirect(balancer)] == nil)
        #expect(rules.elements[.clusterIP(destination(.tcp, addresses.cluster, 80))] == nil)
        #expect(rules.elements[.address(address(addresses.cluster))] == nil)
    }

    @Test("Source ranges apply to the load balancer's address only", arguments: Addresses.all, transports)
    func sourceRanges(_ addresses: Addresses, _ transport: TransportProtocol) throws {
        var port = port(addresses, transport)
        port.loadBalancerSourceRanges = addresses.ranges.map(block)
        let rules = try rules(port, addresses, [])
        let restricted = rules.elements.filter { key, _ in if case .restricted = key { true } else { false } }
        #expect(restricted == [.restricted(destination(transport, addresses.balancer, 80)): .sourceRanges(webHTTP)])
        // The second block is within the first one.
        #expect(rules.sourceRanges == [webHTTP: [block(addresses.ranges[0])]])
    }

    @Test("A range with an address of the node lets the node in, whose source is the load balancer's address")
    func sourceRangesOfTheNode() throws {
        for addresses in Addresses.all {
            var port = port(addresses, .tcp)
            port.loadBalancerSourceRanges = [block(addresses.nodeRange)]
            let rules = try rules(port, addresses, [])
            let own = IPAddress.Block(address(addresses.balancer))
            #expect(rules.sourceRanges == [webHTTP: [block(addresses.nodeRange), own]])
        }
    }

    @Test("Blocks of both families are in order, and none is within another one")
    func minimalRanges() throws {
        var port = port(Addresses.all[0], .tcp)
        port.loadBalancerSourceRanges = [
            "10.2.0.0/16", "10.0.0.0/8", "10.0.0.0/16", "fd00::/16", "fd00:1::/32", "10.255.255.255/32", "11.0.0.0/8",
            "10.0.0.0/8",
        ].map(block)
        let rules = try rules(port, Addresses.all[0], [])
        #expect(rules.sourceRanges[webHTTP] == ["10.0.0.0/8", "11.0.0.0/8", "fd00::/16"].map(block))
    }

    @Test("Without a load balancer's address there are no source ranges")
    func unusedRanges() throws {
        var port = port(Addresses.all[0], .tcp)
        port.loadBalancerSourceRanges = [block("10.0.0.0/8")]
        port.loadBalancerIPs = []
        #expect(try rules(port, Addresses.all[0], []).sourceRanges.isEmpty)
    }

    @Test("An external IP that is the node's own is not bound, and other ports there are not refused")
    func ownAddress() throws {
        let addresses = Addresses.all[0]
        var port = port(addresses, .tcp)
        port.externalIPs = [address(addresses.node)]
        let rules = try rules(port, addresses, [])
        #expect(rules.elements[.external(destination(.tcp, addresses.node, 80))] == Value.none)
        #expect(rules.elements[.address(address(addresses.node))] == nil)
    }

    @Test("A port for health checks, and a hairpin, last as long as any service and endpoint has them")
    func counted() throws {
        var state = DesiredState(packetRules: PacketRules.Options())
        let names = ["one", "two"].map { NamespacedName("default", $0) }
        let pod = ServiceEndpoint("10.244.1.1:8080", isLocal: true)
        for name in names {
            state.update(ServiceDefinition(name, ports: [:], healthCheckNodePort: 32_001))
            let port = ServicePort(.tcp, 80, externalTrafficPolicy: .local)
            state.update(ServiceDefinition(name, ports: ["a": port], healthCheckNodePort: 32_000))
            state.update(EndpointSlice(name, of: name, endpoints: ["a": [pod], "b": [pod]]))
        }
        var update = state.commit()
        #expect(update.rules.added.count == 2 && update.rules.removed.isEmpty)
        state.deleteService(names[0])
        state.deleteSlice(names[0])
        update = state.commit()
        #expect(update.rules.isEmpty && update.isEmpty)
        let port = ServicePort(.tcp, 80, externalTrafficPolicy: .local)
        state.update(ServiceDefinition(names[1], ports: ["a": port], healthCheckNodePort: 32_001))
        state.deleteSlice(names[1])
        update = state.commit()
        #expect(Set(update.rules.removed.map(\.key)) == [.healthCheckPort(32_000), .hairpin(pod.endpoint.address)])
        #expect(update.rules.added.map(\.key) == [.healthCheckPort(32_001)])
    }

    @Test("One changed endpoint is a handful of elements")
    func oneEndpoint() {
        var state = DesiredState(packetRules: PacketRules.Options())
        for number in 1...100 {
            let name = NamespacedName("default", "web-\(number)")
            let port = ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 1, UInt8(number))])
            let pod = ServiceEndpoint(Endpoint(IPAddress(10, 244, 1, UInt8(number)), 8080), isLocal: true)
            state.update(ServiceDefinition(name, ports: ["": port]))
            state.update(EndpointSlice(name, of: name, endpoints: ["": [pod]]))
        }
        #expect(state.commit().rules.added.count == 300)
        let name = NamespacedName("default", "web-7")
        let pod = ServiceEndpoint("10.244.2.7:8080", isLocal: true)
        state.update(EndpointSlice(name, of: name, endpoints: ["": [pod]]))
        let rules = state.commit().rules
        #expect(rules.removed == [PacketRules.Element(.hairpin(address("10.244.1.7")))])
        #expect(rules.added == [PacketRules.Element(.hairpin(address("10.244.2.7")))])
    }

    @Test("UDP packets that begin to have an endpoint are reported once")
    func startedUDP() {
        let port = ServicePort(.udp, 53, clusterIPs: [address("10.96.0.10")], externalIPs: [address("203.0.113.1")])
        let tcp = ServicePort(.tcp, 53, clusterIPs: [address("10.96.0.10")])
        var state = DesiredState()
        state.update(ServiceDefinition(web, ports: ["dns": port, "dns-tcp": tcp]))
        #expect(state.commit().startedUDP.isEmpty)
        let one = ServiceEndpoint("10.244.1.1:53")
        func report(_ endpoints: [ServiceEndpoint]) -> [Endpoint] {
            state.update(EndpointSlice(web, of: web, endpoints: ["dns": endpoints, "dns-tcp": endpoints]))
            return state.commit().startedUDP
        }
        let both = [Endpoint(address("10.96.0.10"), 53), Endpoint(address("203.0.113.1"), 53)]
        #expect(report([one]) == both)
        #expect(report([one, ServiceEndpoint("10.244.1.2:53")]) == [])
        #expect(report([]) == [])
        #expect(report([one]) == both)
    }

    @Test("With the local policy, endpoints elsewhere serve UDP clients too, namely pods")
    func startedUDPElsewhere() {
        let port = ServicePort(
            .udp,
            53,
            clusterIPs: [address("10.96.0.10")],
            loadBalancerIPs: [address("203.0.113.1")],
            externalTrafficPolicy: .local
        )
        var state = DesiredState(packetRules: PacketRules.Options())
        func report(_ endpoints: [ServiceEndpoint]) -> [Endpoint] {
            state.update(EndpointSlice(web, of: web, endpoints: ["dns": endpoints]))
            return state.commit().startedUDP
        }
        state.update(ServiceDefinition(web, ports: ["dns": port]))
        #expect(report([]) == [])
        let both = [Endpoint(address("10.96.0.10"), 53), Endpoint(address("203.0.113.1"), 53)]
        #expect(report([ServiceEndpoint("10.244.1.1:53")]) == both)
        #expect(report([ServiceEndpoint("10.244.1.1:53"), ServiceEndpoint("10.244.1.2:53", isLocal: true)]) == [])
    }

    @Test("Without options there are no rules")
    func none() {
        var state = DesiredState()
        state.update(ServiceDefinition(web, ports: ["": ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")])]))
        #expect(state.commit().rules.isEmpty)
        #expect(state.packetRules == nil)
    }
}
