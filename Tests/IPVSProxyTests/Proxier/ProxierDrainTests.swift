import Glibc
import IPVS
import IPVSNode
import IPVSProxyTestSamples
import IPVSProxyTesting
import IPVSTesting
import Testing

@testable import IPVSProxy

@Suite("Draining real servers")
struct ProxierDrainTests {
    private let server = "TCP 10.96.0.1:80"
    private let port = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")])
    private let one = ServiceEndpoint("10.244.0.1:8080")
    private let two = ServiceEndpoint("10.244.0.2:8080")

    /// A proxier with a service of two endpoints, the first of which has connections.
    private func harness(
        _ port: ServicePort? = nil,
        at server: String = "TCP 10.96.0.1:80",
        connections: UInt32 = 3
    ) async throws -> Harness {
        let harness = try Harness()
        await harness.tellAllIsThere([.web(port ?? self.port), .endpoints([one, two])])
        try await harness.proxier.sync()
        try harness.kernel.set(connections, of: one, server)
        return harness
    }

    @Test("A draining real server keeps its connections, and is deleted when they have ended")
    func drained() async throws {
        let harness = try await harness()
        await harness.tell([.endpoints([two])])
        #expect(try await harness.proxier.sync()?.draining == 1)
        #expect(harness.services[server] == ["10.244.0.1:8080 0", "10.244.0.2:8080 1"])
        try harness.kernel.set(0, of: one, server)
        // It is checked again after a while, not with every sync.
        #expect(try await harness.proxier.sync()?.drained == 0)
        harness.advance(by: harness.proxier.configuration.drainInterval)
        let report = try await harness.proxier.sync()
        #expect(report?.kind == .changes && report?.drained == 1 && report?.draining == 0)
        #expect(harness.services[server] == ["10.244.0.2:8080 1"])
    }

    @Test("A real server without connections is deleted as soon as it can't get new ones")
    func idle() async throws {
        let harness = try await harness(connections: 0)
        harness.startAnew()
        await harness.tell([.endpoints([two])])
        #expect(try await harness.proxier.sync()?.drained == 1)
        #expect(harness.services[server] == ["10.244.0.2:8080 1"])
        let changes = harness.kernel.changes
        guard case .updateRealServer(let idle, _)? = changes.first, case .deleteRealServer? = changes.last else {
            Issue.record("it was deleted without a weight of 0: \(changes)")
            return
        }
        #expect(idle.weight == 0)
    }

    @Test("A real server is deleted with its connections when its drain times out")
    func deadline() async throws {
        let harness = try await harness()
        await harness.tell([.endpoints([two])])
        try await harness.proxier.sync()
        harness.advance(by: harness.proxier.configuration.drainTimeout - .seconds(1))
        #expect(try await harness.proxier.sync()?.drained == 0)
        harness.advance(by: harness.proxier.configuration.drainInterval)
        #expect(try await harness.proxier.sync()?.drained == 1)
        #expect(harness.services[server] == ["10.244.0.2:8080 1"])
    }

    @Test("An endpoint that returns gets its weight back", arguments: [false, true])
    func back(isFull: Bool) async throws {
        let harness = try await harness()
        await harness.tell([.endpoints([two])])
        try await harness.proxier.sync()
        await harness.tell([.endpoints([one, two])])
        if isFull { harness.advance(by: harness.proxier.configuration.syncPeriod) }
        let report = try await harness.proxier.sync()
        #expect(report?.kind == (isFull ? .full : .changes))
        #expect(report?.draining == 0 && report?.changes == 1)
        #expect(harness.services[server] == ["10.244.0.1:8080 1", "10.244.0.2:8080 1"])
    }

    @Test("With UDP there is nothing to wait for")
    func udp() async throws {
        let server = "UDP 10.96.0.1:53"
        let harness = try await harness(ServicePort(.udp, 53, clusterIPs: [address("10.96.0.1")]), at: server)
        await harness.tell([.endpoints([two])])
        #expect(try await harness.proxier.sync()?.draining == 0)
        #expect(harness.services[server] == ["10.244.0.2:8080 1"])
    }

    @Test("A full sync leaves draining real servers alone")
    func fullSync() async throws {
        let harness = try await harness()
        await harness.tell([.endpoints([two])])
        try await harness.proxier.sync()
        harness.advance(by: harness.proxier.configuration.syncPeriod)
        let report = try await harness.proxier.sync()
        #expect(report?.kind == .full && report?.changes == 0 && report?.draining == 1)
    }

    @Test("After a restart no real server keeps a weight of 0")
    func restart() async throws {
        let harness = try await harness()
        await harness.tell([.endpoints([two])])
        try await harness.proxier.sync()

        let leaving = try harness.restarted()
        await leaving.tellAllIsThere([.web(port), .endpoints([two])])
        let report = try await leaving.proxier.sync()
        #expect(report?.changes == 0 && report?.draining == 1)
        leaving.advance(by: leaving.proxier.configuration.drainTimeout)
        #expect(try await leaving.proxier.sync()?.drained == 1)

        let returned = try await self.harness()
        await returned.tell([.endpoints([two])])
        try await returned.proxier.sync()
        let again = try returned.restarted()
        await again.tellAllIsThere([.web(port), .endpoints([one, two])])
        try await again.proxier.sync()
        #expect(again.services[server] == ["10.244.0.1:8080 1", "10.244.0.2:8080 1"])
    }

    @Test("A draining real server that others delete is not added again")
    func deletedByOthers() async throws {
        let harness = try await harness()
        await harness.tell([.endpoints([two])])
        try await harness.proxier.sync()
        try harness.kernel.edit { _ = $0[id(server)]?.remove(one.endpoint) }
        harness.advance(by: harness.proxier.configuration.syncPeriod)
        let report = try await harness.proxier.sync()
        #expect(report?.kind == .full && report?.changes == 0 && report?.draining == 0)
        #expect(harness.services[server] == ["10.244.0.2:8080 1"])
    }

    @Test("A draining real server that others give a weight loses it again")
    func weightByOthers() async throws {
        let harness = try await harness()
        await harness.tell([.endpoints([two])])
        try await harness.proxier.sync()
        try harness.kernel.edit { services in
            _ = services[id(server)]?.replace(RealServer(one.endpoint, forwarding: .masquerade, weight: 5))
        }
        try harness.kernel.set(0, of: one, server)
        harness.advance(by: harness.proxier.configuration.drainInterval)
        #expect(try await harness.proxier.sync()?.drained == 0)
        #expect(try await harness.proxier.sync()?.drained == 0)
        #expect(harness.services[server]?.first == "10.244.0.1:8080 0")
        harness.advance(by: harness.proxier.configuration.drainInterval)
        #expect(try await harness.proxier.sync()?.drained == 1)
    }

    @Test("A failed deletion is retried")
    func failedDeletion() async throws {
        let harness = try await harness(connections: 0)
        harness.kernel.refuse(EIO) { if case .deleteRealServer = $0 { true } else { false } }
        await harness.tell([.endpoints([two])])
        let report = try await harness.proxier.sync()
        #expect(report?.drained == 0 && report?.draining == 1 && report?.failures.count == 1)
        harness.kernel.removeFaults()
        harness.advance(by: harness.proxier.configuration.drainInterval)
        #expect(try await harness.proxier.sync()?.drained == 1)
    }

    @Test("A real server that others restored is not deleted when its drain would time out")
    func backAlready() async throws {
        let harness = try await harness()
        await harness.tell([.endpoints([two])])
        #expect(try await harness.proxier.sync()?.draining == 1)
        try harness.kernel.edit { services in
            _ = services[id(server)]?.replace(RealServer(one.endpoint, forwarding: .masquerade))
        }
        await harness.tell([.endpoints([one, two])])
        harness.advance(by: harness.proxier.configuration.drainTimeout)
        let report = try await harness.proxier.sync()
        #expect(report?.kind == .full && report?.changes == 0 && report?.drained == 0 && report?.draining == 0)
        #expect(harness.services[server] == ["10.244.0.1:8080 1", "10.244.0.2:8080 1"])
    }

    @Test("A real server that was restored in a sync that broke off is not deleted when its drain would time out")
    func backBeforeTheEnd() async throws {
        let harness = try await harness()
        let other = NamespacedName("default", "other")
        await harness.tell([.web(ServicePort(.tcp, 80, clusterIPs: [address("10.97.0.1")]), name: other)])
        await harness.tell([.endpoints([two])])
        #expect(try await harness.proxier.sync()?.draining == 1)
        harness.advance(by: harness.proxier.configuration.drainTimeout - .seconds(1))
        #expect(try await harness.proxier.sync()?.draining == 1)
        // The changes of virtual servers succeed, and what comes after them fails.
        await harness.tell([.endpoints([one, two]), .serviceDeleted(other)])
        harness.node.inject(.errno(EPERM), where: { if case .removeAddress = $0 { true } else { false } })
        await #expect(throws: AddressError.self) { try await harness.proxier.sync() }
        #expect(harness.services[server]?.first == "10.244.0.1:8080 1")
        for _ in 0..<3 {
            let report = try await harness.proxier.sync()
            #expect(report?.drained == 0 && report?.draining == 0)
            harness.advance(by: harness.proxier.configuration.drainInterval)
        }
        #expect(harness.services == [server: ["10.244.0.1:8080 1", "10.244.0.2:8080 1"]])
    }

    @Test("If the virtual server becomes that of others, so do its real servers", arguments: [false, true])
    func taken(isFull: Bool) async throws {
        let harness = try await harness()
        await harness.tell([.endpoints([two])])
        #expect(try await harness.proxier.sync()?.draining == 1)
        let mark = Ownership(interface: "other0").mark
        harness.node.change { $0.interfaces["other0"] = .dummy(alias: InterfaceLabel().description) }
        let others = try Table.Entry(
            VirtualServer(id(server), scheduler: .roundRobin, flags: mark),
            realServers: [RealServer(one.endpoint, forwarding: .masquerade)]
        )
        try harness.kernel.edit { $0[id(server)] = others }
        if isFull {
            harness.advance(by: harness.proxier.configuration.drainTimeout)
        } else {
            await harness.tell([.endpoints([two, ServiceEndpoint("10.244.0.3:8080")])])
            #expect(try await harness.proxier.sync()?.kind == .changes)
            harness.advance(by: harness.proxier.configuration.drainTimeout)
        }
        let report = try await harness.proxier.sync()
        #expect(report?.failures.map(\.reason) == [.notOwned] && report?.draining == 0)
        #expect(harness.kernel.entries == [id(server): others])
    }

    @Test("Draining real servers are deleted with their service")
    func serviceDeleted() async throws {
        let harness = try await harness()
        await harness.tell([.endpoints([two])])
        try await harness.proxier.sync()
        await harness.tell([.serviceDeleted(web)])
        #expect(try await harness.proxier.sync()?.draining == 0)
        #expect(harness.services.isEmpty)
    }
}
