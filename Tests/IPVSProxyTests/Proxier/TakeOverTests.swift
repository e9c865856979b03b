import Glibc
import IPVS
import IPVSProxyTestSamples
import IPVSProxyTesting
import IPVSTesting
import Testing

@testable import IPVSNode
@testable import IPVSProxy

@Suite("Take-overs from another proxy")
struct TakeOverTests {
    private let port = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")])
    private let own = id("TCP 10.96.0.1:80")
    private let endpoint = ServiceEndpoint("10.244.0.1:8080")

    /// A node where another proxy has left an interface and virtual servers.
    private func node(_ addresses: [String], _ servers: [String]) throws -> InMemoryNode {
        let node = InMemoryNode(dummy: "kube-ipvs0", addresses)
        for text in servers { try node.kernel.addOthers(text) }
        node.kernel.forgetCommands()
        return node
    }

    @Test("Virtual servers and addresses of another proxy are taken over once")
    func takeOver() async throws {
        let servers = ["TCP 10.96.0.1:80", "TCP 10.96.0.9:80", "TCP 192.0.2.10:8080"]
        let node = try node(["10.96.0.1", "10.96.0.9"], servers)
        let harness = try Harness(node: node)
        // A sync with a failure has not taken over everything.
        node.kernel.refuse(EIO) { if case .deleteVirtualServer = $0 { true } else { false } }
        await harness.tellAllIsThere([.web(port), .endpoints([endpoint])])
        let report = try #require(try await harness.proxier.sync())
        #expect(report.failures.count == 1)
        #expect(report.takenOver == [own, id("TCP 10.96.0.9:80")])
        #expect(harness.alias == "swift-ipvs")
        node.kernel.removeFaults()

        let restarted = try harness.restarted()
        await restarted.tellAllIsThere([.web(port), .endpoints([endpoint])])
        #expect(try await restarted.proxier.sync()?.isComplete == true)
        #expect(Set(restarted.services.keys) == ["TCP 10.96.0.1:80", "TCP 192.0.2.10:8080"])
        #expect(restarted.addresses == [address("10.96.0.1")])
        #expect(harness.alias == "swift-ipvs")
        // The real server was never without its virtual server.
        #expect(!node.kernel.changes.contains(.deleteVirtualServer(own)))
        // From now on, only the mark counts.
        try node.kernel.addOthers("TCP 10.96.0.1:443")
        restarted.advance(by: .seconds(60))
        #expect(try await restarted.proxier.sync()?.changes == 0)
        #expect(restarted.services.count == 3)
    }

    @Test(
        "A take-over that fails for one virtual server is retried, by the same process or another",
        arguments: [false, true]
    )
    func takeOverFails(restarts: Bool) async throws {
        let node = try node(["10.96.0.1", "10.96.0.9"], ["TCP 10.96.0.1:80", "TCP 10.96.0.9:80"])
        let before = node.kernel.entries
        var harness = try Harness(node: node)
        node.kernel.refuse(ENOMEM) { if case .updateVirtualServer = $0 { true } else { false } }
        await harness.tellAllIsThere([.web(port), .endpoints([endpoint])])
        await #expect(throws: IPVSError.self) { try await harness.proxier.sync() }
        // Until the proxier has taken over everything, it does nothing else.
        #expect(node.kernel.entries == before && harness.addresses.count == 2 && harness.alias == nil)
        node.kernel.removeFaults()
        if restarts {
            harness = try harness.restarted()
            await harness.tellAllIsThere([.web(port), .endpoints([endpoint])])
        }
        #expect(try await harness.proxier.sync()?.isComplete == true)
        #expect(harness.services == ["TCP 10.96.0.1:80": ["10.244.0.1:8080 1"]])
        #expect(harness.addresses == [address("10.96.0.1")] && harness.alias == "swift-ipvs")
    }

    @Test("Node ports are taken over if services need them")
    func takeOverNodePorts() async throws {
        let node = try node(["10.96.0.1"], ["TCP 10.96.0.1:80", "TCP 192.0.2.10:30080", "TCP 192.0.2.10:30081"])
        var port = port
        port.nodePort = 30_080
        let harness = try Harness(node: node)
        await harness.tellAllIsThere([.web(port), .endpoints([ServiceEndpoint("10.244.0.2:8080")])])
        #expect(try await harness.proxier.plan()?.failures.isEmpty == true)
        let report = try await harness.proxier.sync()
        #expect(report?.isComplete == true, "\(String(describing: report))")
        let wanted = ["10.244.0.2:8080 1"]
        #expect(
            harness.services == [
                "TCP 10.96.0.1:80": wanted, "TCP 192.0.2.10:30080": wanted,
                "TCP 192.0.2.10:30081": ["10.244.0.1:8080 1"],
            ]
        )
        // The take-over has ended: virtual servers at the node's addresses belong to others again.
        try node.kernel.addOthers("TCP 192.0.2.10:30082")
        await harness.tell([
            .web(ServicePort(.tcp, 81, clusterIPs: [], nodePort: 30_082), name: NamespacedName("default", "other"))
        ])
        #expect(try await harness.proxier.sync()?.failures.map(\.reason) == [.notOwned])
    }

    @Test("Virtual servers for services' node ports at loopback addresses are taken over and deleted, and no others")
    func loopbackAddresses() async throws {
        let obsolete = ["TCP 127.0.0.1:30080", "TCP 127.8.9.1:30080", "TCP [::1]:30080"]
        let others = ["TCP 127.0.0.1:30081", "UDP 127.0.0.1:30080", "TCP [fe80::1]:30080", "TCP 127.0.0.1:80"]
        let node = try node(["10.96.0.1"], obsolete + others)
        // Another proxier's.
        let marked = id("TCP 127.0.0.2:30080")
        let foreign = VirtualServer(marked, scheduler: .roundRobin, flags: Ownership.mark(for: "other0"))
        try node.kernel.edit { $0[marked] = Table.Entry(foreign) }
        var port = port
        port.nodePort = 30_080
        let harness = try Harness(node: node)
        await harness.tellAllIsThere([.web(port), .endpoints([endpoint])])
        let plan = try #require(try await harness.proxier.plan())
        #expect(obsolete.allSatisfy { plan.description.contains("\n- \($0)") }, "\(plan)")
        let report = try #require(try await harness.proxier.sync())
        #expect(report.isComplete && Set(report.takenOver) == Set(obsolete.map(id)))
        let left = others + ["\(marked)"]
        let own = ["TCP 10.96.0.1:80", "TCP 192.0.2.10:30080"]
        #expect(Set(harness.services.keys) == Set(left + own))

        // The take-over has ended.
        try node.kernel.addOthers("TCP 127.0.0.1:30080")
        harness.advance(by: .seconds(60))
        #expect(try await harness.proxier.sync()?.changes == 0)
        let restarted = try harness.restarted()
        await restarted.tellAllIsThere([.web(port), .endpoints([endpoint])])
        #expect(try await restarted.proxier.sync()?.changes == 0)
        #expect(harness.services["TCP 127.0.0.1:30080"] != nil)
    }

    @Test(
        "An interface that others use is not taken over, and nothing is changed",
        arguments: [("lb0", nil), ("lb0", "anycast"), ("kube-ipvs0", "anycast")] as [(String, String?)]
    )
    func somebodyElses(interface: String, alias: String?) async throws {
        let node = InMemoryNode(dummy: interface, ["10.9.9.9"], alias: alias ?? "")
        try node.kernel.addOthers("UDP 10.9.9.9:53")
        let before = node.kernel.entries
        var configuration = Harness.configuration
        configuration.interface = interface
        let harness = try Harness(configuration, node: node)
        await harness.tellAllIsThere([.web(port), .endpoints([endpoint])])
        let error = await #expect(throws: AddressError.self) { try await harness.proxier.sync() }
        #expect(error?.code == .notOwned)
        let sentence = "can't use the interface \(interface): somebody else has given it addresses"
        #expect(error?.description.hasPrefix(sentence) == true)
        await #expect(throws: AddressError.self) { try await harness.proxier.plan() }
        #expect(try await harness.proxier.cleanup() == CleanupReport())
        #expect(node.kernel.entries == before)
        #expect(harness.addresses == [address("10.9.9.9")] && harness.alias == alias)
    }

    @Test("An interface that is not in use can be taken over", arguments: ["lb0", "kube-ipvs0"])
    func nobodys(interface: String) async throws {
        var configuration = Harness.configuration
        configuration.interface = interface
        let harness = try Harness(configuration, node: InMemoryNode(dummy: interface))
        await harness.tellAllIsThere([.web(port)])
        #expect(try await harness.proxier.sync()?.bound == 1)
        #expect(harness.alias == "swift-ipvs")
    }
}
