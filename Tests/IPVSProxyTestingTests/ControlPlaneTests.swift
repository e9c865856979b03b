import IPVS
import IPVSNode
import IPVSProxy
import IPVSProxyTesting
import IPVSTesting
import Testing

@Suite("A control plane of twenty lines")
struct ControlPlaneTests {
    let node = InMemoryNode()
    let address = IPAddress(10, 96, 0, 1)
    let first = Endpoint(IPAddress(10, 244, 1, 1), 8080)
    let second = Endpoint(IPAddress(10, 244, 1, 2), 8080)

    private var id: VirtualServer.Identity { .tcp(address, 80) }

    private func controlPlane() async throws -> WebControlPlane {
        await WebControlPlane(try Proxier(testing: node), at: address)
    }

    private var backends: [Endpoint]? {
        node.kernel.table[id]?.realServers.filter { $0.weight > 0 }.map(\.endpoint)
    }

    @Test("Table, addresses, settings and rules are what a control plane wants, and nothing else is changed")
    func whole() async throws {
        let controlPlane = try await controlPlane()
        try await controlPlane.sync([first, second])
        #expect(backends == [first, second])
        #expect(node.interfaces["kube-ipvs0"]?.boundAddresses == [address])
        #expect(node.sysctls["net.ipv4.ip_forward"] == 1)
        #expect(node.packetRules?.elements[.clusterIP(PacketRules.Destination(.tcp, Endpoint(address, 80)))] != nil)
        node.kernel.forgetCommands()
        node.forgetRequests()
        try await controlPlane.sync([second])
        #expect(backends == [second])
        // Without a weight first, so that it gets no connection any more.
        #expect(node.kernel.changes.count == 2 && node.kernel.changes.last == .deleteRealServer(first, from: id))
        #expect(node.changes.isEmpty && node.writtenRules.isEmpty)
    }

    @Test("A new process finds what the former one has left, and a clean-up leaves nothing")
    func restart() async throws {
        let before = (node.sysctls, node.interfaces)
        try await controlPlane().sync([first])
        node.kernel.forgetCommands()
        node.forgetRequests()
        let controlPlane = try await controlPlane()
        try await controlPlane.sync([first])
        #expect(node.kernel.changes.isEmpty && node.changes.isEmpty && node.writtenRules.isEmpty)
        try await controlPlane.proxier.cleanup()
        #expect(node.kernel.table.isEmpty && node.packetRules == nil)
        #expect(node.sysctls == before.0 && node.interfaces == before.1)
    }

    @Test("What others change is repaired when the period is over")
    func secondWriter() async throws {
        let controlPlane = try await controlPlane()
        try await controlPlane.sync([first])
        try Handle(testing: node.kernel).delete(id)
        _ = try AddressBinder(testing: node).unbind([address])
        node.change { $0.packetRules = nil }
        try await controlPlane.sync([first])
        #expect(backends == nil)
        node.advance(by: controlPlane.proxier.configuration.syncPeriod)
        try await controlPlane.sync([first])
        #expect(backends == [first])
        #expect(node.interfaces["kube-ipvs0"]?.boundAddresses == [address])
        #expect(node.packetRules != nil)
    }

    @Test("A drain waits for connections, or for the end of its time")
    func drain() async throws {
        let controlPlane = try await controlPlane()
        try await controlPlane.sync([first, second])
        for (endpoint, active) in [(first, 1), (second, 0)] as [(Endpoint, UInt32)] {
            try node.kernel.setConnections(active: active, of: endpoint, in: id)
        }
        try await controlPlane.sync([])
        node.advance(by: controlPlane.proxier.configuration.drainInterval)
        try await controlPlane.sync([])
        #expect(node.kernel.table[id]?.realServers.map(\.endpoint) == [first])
        node.advance(by: controlPlane.proxier.configuration.drainTimeout)
        try await controlPlane.sync([])
        #expect(node.kernel.table[id]?.realServers.isEmpty == true)
    }

    @Test("A failure of each part is reported, and the next sync is complete")
    func failures() async throws {
        let controlPlane = try await controlPlane()
        node.kernel.inject(.errno(12), where: { if case .addVirtualServer = $0 { true } else { false } })
        await #expect(throws: SyncFailure.self) { try await controlPlane.sync([first]) }
        try await controlPlane.sync([first])
        #expect(backends == [first])

        node.inject(.errno(12), where: { if case .addAddress = $0 { true } else { false } })
        node.change { $0.interfaces["kube-ipvs0"] = nil }
        node.advance(by: .seconds(3600))
        await #expect(throws: SyncFailure.self) { try await controlPlane.sync([first]) }
        try await controlPlane.sync([first])
        #expect(node.interfaces["kube-ipvs0"]?.boundAddresses == [address])

        let refused = PacketFilterError(.refused, "can't write packet rules: no memory")
        node.change {
            $0.packetRules = nil
            $0.ruleErrors[.write] = refused
        }
        node.advance(by: .seconds(3600))
        await #expect(throws: SyncFailure.self) { try await controlPlane.sync([first]) }
        node.change { $0.ruleErrors = [:] }
        try await controlPlane.sync([first])
        #expect(node.packetRules != nil)
    }

    @Test("Of two proxiers with one interface, the second one is refused")
    func twoProxiers() async throws {
        let first = try Proxier(testing: node)
        let second = try Proxier(testing: node)
        try await first.lockInterface()
        let error = await #expect(throws: AddressError.self) { try await second.lockInterface() }
        #expect(error?.code == .inUse)
        #expect(error.map { "\($0)" }?.hasSuffix("another proxier of the test is using it") == true)
    }

    @Test("A lock ends with its proxier")
    func endOfLock() async throws {
        var first: Proxier? = try Proxier(testing: node)
        try await first?.lockInterface()
        first = nil
        // The object ends when its last task has.
        var configuration = Proxier.Configuration()
        configuration.lockTimeout = .seconds(60)
        let second = await WebControlPlane(try Proxier(configuration, testing: node), at: address)
        try await second.sync([])
        #expect(node.kernel.table[id] != nil)
    }

    @Test("Routes instead of addresses, and no rules")
    func routes() async throws {
        var configuration = Proxier.Configuration()
        configuration.bindingMethod = .routes
        let proxier = try Proxier(configuration, testing: node, packetFilter: nil)
        try await WebControlPlane(proxier, at: address).sync([first])
        #expect(node.interfaces["kube-ipvs0"]?.routedAddresses == [address])
        #expect(node.interfaces["kube-ipvs0"]?.addresses.isEmpty == true)
        #expect(node.packetRules == nil)
    }
}
