import IPVS
import IPVSProxy
import IPVSProxyTestSamples
import Testing

@Suite("Topology hints")
struct TopologyTests {
    /// An endpoint with hints for nodes and zones, as seen by node-a in zone-a.
    private func endpoint(
        _ number: Int,
        nodes: [String] = [],
        zones: [String] = [],
        isLocal: Bool = false,
        isReady: Bool = true,
        isTerminating: Bool = false,
        zone: String? = "zone-a"
    ) -> ServiceEndpoint {
        ServiceEndpoint(
            "10.244.1.\(number):80",
            isLocal: isLocal,
            isReady: isReady,
            isServing: isReady || isTerminating,
            isTerminating: isTerminating,
            hints: ServiceEndpoint.Hints(forNodes: nodes, forZones: zones, on: "node-a", in: zone)
        )
    }

    /// The last numbers of the endpoints that serve a cluster IP.
    private func used(_ endpoints: [ServiceEndpoint]) -> [Int] {
        let state = DesiredState(ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")]), endpoints)
        return (state.table[id("TCP 10.96.0.1:80")]?.realServers ?? []).compactMap {
            $0.endpoint.address.bytes.last.map(Int.init)
        }
    }

    @Test("Without hints, all ready endpoints are used")
    func none() { #expect(used([endpoint(1), endpoint(2), endpoint(3, isReady: false)]) == [1, 2]) }

    @Test("Hints for this node come first, then those for its zone")
    func order() {
        let near = endpoint(1, nodes: ["node-a"], zones: ["zone-a"])
        let zone = endpoint(2, nodes: ["node-b"], zones: ["zone-a", "zone-b"])
        let far = endpoint(3, nodes: ["node-c", "node-d"], zones: ["zone-c"])
        #expect(used([near, zone, far]) == [1])
        #expect(used([zone, far]) == [2])
        #expect(used([far]) == [3])
        let shared = endpoint(4, nodes: ["node-d", "node-a"], zones: ["zone-c"])
        #expect(used([near, zone, far, shared]) == [1, 4])
    }

    @Test("Hints for zones alone")
    func zones() {
        let (a, b) = (endpoint(1, zones: ["zone-a"]), endpoint(2, zones: ["zone-b"]))
        let both = endpoint(3, zones: ["zone-b", "zone-a"])
        #expect(used([a, b]) == [1])
        #expect(used([a, b, both]) == [1, 3])
        #expect(used([b]) == [2])
    }

    @Test("Hints that one of the ready endpoints lacks are ignored")
    func incomplete() {
        let near = endpoint(1, nodes: ["node-a"], zones: ["zone-a"])
        let zoneOnly = endpoint(2, zones: ["zone-b"])
        #expect(used([near, zoneOnly]) == [1])
        let here = endpoint(3, zones: ["zone-a"])
        // Not all have hints for nodes, so those for zones count.
        #expect(used([near, zoneOnly, here]) == [1, 3])
        let nodeOnly = endpoint(4, nodes: ["node-b"])
        #expect(used([near, nodeOnly]) == [1])
        #expect(used([near, zoneOnly, nodeOnly]) == [1, 2, 4])
        #expect(used([near, endpoint(5)]) == [1, 5])
    }

    @Test("If the zone is not known, hints for zones are ignored")
    func unknownZone() {
        let endpoints = [1, 2].map { endpoint($0, zones: ["zone-\($0)"], zone: nil) }
        #expect(used(endpoints) == [1, 2])
        let withNodes = [
            endpoint(1, nodes: ["node-a"], zones: ["zone-a"], zone: nil), endpoint(2, nodes: ["node-b"], zone: nil),
        ]
        #expect(used(withNodes) == [1])
    }

    @Test("Endpoints that are not ready have no say")
    func notReady() {
        let near = endpoint(1, nodes: ["node-a"], isReady: false)
        let far = endpoint(2, nodes: ["node-b"])
        #expect(used([near, far]) == [2])
        // The one without hints is not ready.
        #expect(used([endpoint(3, nodes: ["node-a"]), far, endpoint(4, isReady: false)]) == [3])
        let leaving = [
            endpoint(5, nodes: ["node-a"], isReady: false, isTerminating: true),
            endpoint(6, isReady: false, isTerminating: true),
        ]
        #expect(used(leaving) == [5, 6])
        #expect(used([]) == [])
    }

    @Test("Local policies are not affected")
    func localPolicy() {
        let here = endpoint(1, nodes: ["node-b"], zones: ["zone-b"], isLocal: true)
        let there = endpoint(2, nodes: ["node-a"], zones: ["zone-a"])
        var port = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")], externalIPs: [address("192.0.2.1")])
        port.externalTrafficPolicy = .local
        let state = DesiredState(port, [here, there])
        #expect(state.realServers(of: "TCP 10.96.0.1:80") == ["10.244.1.2:80"])
        #expect(state.realServers(of: "TCP 192.0.2.1:80") == ["10.244.1.1:80"])
    }

    @Test("Each address family has its own endpoints, hints and states")
    func families() {
        let clusterIPs = [address("10.96.0.1"), address("fd00::1")]
        func servers(_ endpoints: [ServiceEndpoint]) -> [[String]?] {
            let state = DesiredState(ServicePort(.tcp, 80, clusterIPs: clusterIPs), endpoints)
            return ["TCP 10.96.0.1:80", "TCP [fd00::1]:80"].map { state.realServers(of: $0) }
        }
        let four = [endpoint(1, nodes: ["node-a"]), endpoint(2, nodes: ["node-b"])]
        #expect(servers(four + [ServiceEndpoint("[fd01::1]:80")]) == [["10.244.1.1:80"], ["[fd01::1]:80"]])
        let six = ServiceEndpoint("[fd01::1]:80", isReady: false, isServing: true, isTerminating: true)
        #expect(servers(four + [six]) == [["10.244.1.1:80"], ["[fd01::1]:80"]])
    }

    @Test("Hints make an endpoint no larger")
    func size() {
        #expect(MemoryLayout<ServiceEndpoint>.stride == MemoryLayout<Endpoint>.stride)
        #expect(ServiceEndpoint.Hints.thisNode.contains(.nodes) && ServiceEndpoint.Hints.thisZone.contains(.zones))
        #expect(ServiceEndpoint.Hints(forNodes: ["b"], forZones: ["a"], on: "a", in: "a") == [.nodes, .thisZone])
    }
}
