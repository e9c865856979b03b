import IPVS
import IPVSProxy
import IPVSProxyTestSamples
import IPVSTestModels

/// Random services, slices, node configurations and events, with so few names that they often conflict.
struct RandomHistory {
    private var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    enum Event {
        case service(ServiceDefinition)
        case serviceDeleted(NamespacedName)
        case slice(EndpointSlice)
        case sliceDeleted(NamespacedName)
        case node(NodeFacts)
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    private mutating func chance(_ percent: Int) -> Bool { number(1...100) <= percent }

    mutating func shuffle(_ events: inout [Event]) { events.shuffle(using: &random) }

    mutating func event() -> Event {
        switch number(1...20) {
        case 1...7: .service(service())
        case 8...9: .serviceDeleted(name("service", 8))
        case 10...17: .slice(slice())
        case 18...19: .sliceDeleted(name("slice", 12))
        default: .node(node())
        }
    }

    private mutating func name(_ kind: String, _ count: Int) -> NamespacedName {
        NamespacedName("default", "\(kind)-\(number(1...count))")
    }

    private mutating func several<Value>(_ count: ClosedRange<Int>, _ make: (inout Self) -> Value) -> [Value] {
        (0..<number(count)).map { _ in make(&self) }
    }

    /// One of the addresses that services, nodes and excluded blocks share.
    private mutating func address() -> IPAddress {
        chance(70)
            ? IPAddress(10, 96, 0, UInt8(number(1...12)))
            : IPVSProxyTestSamples.address("fd00::\(number(1...6))")
    }

    private mutating func servicePort() -> ServicePort {
        ServicePort(
            chance(70) ? .tcp : .udp,
            UInt16(number(80...82)),
            clusterIPs: several(0...2) { $0.address() },
            nodePort: chance(30) ? UInt16(number(80...82)) : nil,
            externalIPs: several(0...1) { $0.address() },
            loadBalancerIPs: several(0...1) { $0.address() },
            loadBalancerSourceRanges: chance(30)
                ? several(1...3) {
                    [block("10.96.0.0/29"), block("10.96.0.4/31"), block("fd00::/16")][$0.number(0...2)]
                } : [],
            sessionAffinity: chance(20) ? .clientIP : .none,
            internalTrafficPolicy: chance(20) ? .local : .cluster,
            externalTrafficPolicy: chance(30) ? .local : .cluster,
            scheduler: chance(20) ? .leastConnection : nil
        )
    }

    private mutating func service() -> ServiceDefinition {
        let ports = several(0...3) { (["", "a", "b"][$0.number(0...2)], $0.servicePort()) }
        return ServiceDefinition(
            name("service", 8),
            ports: Dictionary(ports) { _, last in last },
            healthCheckNodePort: chance(20) ? UInt16(number(32_000...32_001)) : nil
        )
    }

    private mutating func endpoint() -> ServiceEndpoint {
        let address =
            chance(70)
            ? IPAddress(10, 244, 0, UInt8(number(1...6)))
            : IPVSProxyTestSamples.address("fd01::\(number(1...3))")
        return ServiceEndpoint(
            Endpoint(address, 8080),
            isLocal: chance(40),
            isReady: chance(50),
            isServing: chance(50),
            isTerminating: chance(50),
            hints: ServiceEndpoint.Hints(
                forNodes: chance(80) ? ["node-\(number(1...2))"] : [],
                forZones: chance(80) ? ["zone-\(number(1...2))"] : [],
                on: "node-1",
                in: "zone-1"
            )
        )
    }

    private mutating func slice() -> EndpointSlice {
        let ports = several(0...3) { random in
            (["", "a", "b"][random.number(0...2)], random.several(0...4) { $0.endpoint() })
        }
        return EndpointSlice(
            name("slice", 12),
            of: name("service", 8),
            endpoints: Dictionary(ports) { _, last in last }
        )
    }

    mutating func node() -> NodeFacts {
        NodeFacts(
            addresses: Array(Set(several(0...3) { $0.address() })),
            nodePortBlocks: chance(30) ? [block("10.96.0.0/29")] : [],
            excludedBlocks: chance(30) ? [block("10.96.0.8/30"), block("fd00::4/126")] : [],
            scheduler: chance(50) ? .roundRobin : .sourceHashing,
            flags: chance(50) ? [] : VirtualServer.Flags(rawValue: 0x1234_0000)
        )
    }
}

/// The final objects of a history of events.
struct FinalObjects {
    var services: [NamespacedName: ServiceDefinition] = [:]
    var slices: [NamespacedName: EndpointSlice] = [:]
    var node: NodeFacts

    mutating func take(_ event: RandomHistory.Event) {
        switch event {
        case .service(let service): services[service.name] = service
        case .serviceDeleted(let name): services[name] = nil
        case .slice(let slice): slices[slice.name] = slice
        case .sliceDeleted(let name): slices[name] = nil
        case .node(let facts): node = facts
        }
    }
}

extension DesiredState {
    mutating func take(_ event: RandomHistory.Event) {
        switch event {
        case .service(let service): update(service)
        case .serviceDeleted(let name): deleteService(name)
        case .slice(let slice): update(slice)
        case .sliceDeleted(let name): deleteSlice(name)
        case .node(let facts): node = facts
        }
    }
}
