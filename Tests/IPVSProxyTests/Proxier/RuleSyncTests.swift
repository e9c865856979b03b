import IPVS
import IPVSProxyTestSamples
import IPVSProxyTesting
import IPVSTestModels
import IPVSTesting
import Testing

@testable import IPVSNode
@testable import IPVSProxy

@Suite("Syncs of packet rules")
struct RuleSyncTests {
    private let port = ServicePort(
        .tcp,
        80,
        clusterIPs: [address("10.96.0.1")],
        loadBalancerIPs: [address("203.0.113.1")],
        loadBalancerSourceRanges: [block("198.51.100.0/24")]
    )
    private let local = ServiceEndpoint("10.244.0.1:8080", isLocal: true)
    private let other = ServiceEndpoint("10.244.0.2:8080", isLocal: true)
    private let error = PacketFilterError(.refused, "the rules can't be written")

    private func harness(_ log: LogLines = LogLines()) throws -> Harness {
        try Harness(hasRules: true, log: log)
    }

    /// The rules that services and slices require.
    private func expected(_ harness: Harness) async -> PacketRules? { await harness.proxier.state.packetRules }

    @Test("The first sync writes all rules before the first virtual server, and the next one nothing")
    func first() async throws {
        let harness = try harness()
        let filter = try #require(harness.filter)
        let changesBefore = Locked<[InMemoryKernel.Command]?>(nil)
        filter.beforeEachWrite { [kernel = harness.kernel] in
            changesBefore.withLock { $0 = $0 ?? kernel.changes }
        }
        await harness.tellAllIsThere([.web(port), .endpoints([local])])
        let report = try #require(try await harness.proxier.sync())
        #expect(report.isComplete && report.rules == 7)
        #expect(changesBefore.value == [] && !harness.kernel.changes.isEmpty)
        #expect(harness.node.packetRules == (await expected(harness)))
        #expect(harness.node.writtenRules.map(\.isFromScratch) == [true])
        harness.advance(by: harness.proxier.configuration.syncPeriod)
        let again = try #require(try await harness.proxier.sync())
        #expect(again.kind == .full && again.rules == 0)
        #expect(harness.node.writtenRules.count == 1 && filter.calls.count { $0 == .difference } == 1)
    }

    @Test("A change of an endpoint writes its elements: new ones first, old ones at the end")
    func change() async throws {
        let harness = try harness()
        let filter = try #require(harness.filter)
        await harness.tellAllIsThere([.web(port), .endpoints([local])])
        try await harness.proxier.sync()
        let changes = Locked<[[InMemoryKernel.Command]]>([])
        filter.beforeEachWrite { [kernel = harness.kernel] in changes.withLock { $0.append(kernel.changes) } }
        harness.startAnew()
        await harness.tell([.endpoints([other])])
        let report = try #require(try await harness.proxier.sync())
        #expect(report.kind == .changes && report.rules == 2)
        let written = harness.node.writtenRules
        #expect(written.count == 2)
        #expect(written.first?.added == [PacketRules.Element(.hairpin(address("10.244.0.2")))])
        #expect(written.last?.removed == [PacketRules.Element(.hairpin(address("10.244.0.1")))])
        #expect(changes.value.first?.isEmpty == true && changes.value.last?.isEmpty == false)
        #expect(filter.calls.count { $0 == .difference } == 1)
        #expect(harness.node.packetRules == (await expected(harness)))
    }

    @Test("What others change is noticed by the next full sync, and mended")
    func meddling() async throws {
        let harness = try harness()
        await harness.tellAllIsThere([.web(port), .endpoints([local])])
        try await harness.proxier.sync()
        harness.node.change { $0.packetRules?.elements[.hairpin(address("10.244.0.1"))] = nil }
        harness.node.change { $0.packetRules?.elements[.address(address("10.96.0.99"))] = PacketRules.Value.none }
        harness.advance(by: harness.proxier.configuration.syncPeriod)
        #expect(try await harness.proxier.sync()?.rules == 2)
        #expect(harness.node.packetRules == (await expected(harness)))
        harness.node.change { $0.packetRules = nil }
        harness.advance(by: harness.proxier.configuration.syncPeriod)
        #expect(try await harness.proxier.sync()?.rules == 7)
        #expect(harness.node.packetRules == (await expected(harness)))
    }

    @Test("Without rules a virtual server that they should protect is not added, and everything else is synced")
    func refused() async throws {
        let harness = try harness()
        harness.node.change { $0.ruleErrors[.write] = error }
        await harness.tellAllIsThere([.web(port), .endpoints([local])])
        let report = try #require(try await harness.proxier.sync())
        #expect(harness.services == ["TCP 10.96.0.1:80": ["10.244.0.1:8080 1"]])
        #expect(harness.addresses == [address("10.96.0.1")])
        #expect(
            report.failures.map(\.description) == [
                "default/web:http: TCP 203.0.113.1:80 is not served, as nothing would limit who can reach it: "
                    + "the rules can't be written",
                "the rules can't be written",
            ]
        )
        // The next sync tries again, even if nothing has changed.
        harness.node.change { $0.ruleErrors = [:] }
        let next = try #require(try await harness.proxier.sync())
        #expect(next.isComplete && next.rules == 7)
        #expect(harness.services.count == 2)
        #expect(harness.addresses.count == 2)
        #expect(harness.node.packetRules == (await expected(harness)))
    }

    @Test("If rules can't be written later, what is in the table is still synced")
    func refusedLater() async throws {
        let harness = try harness()
        await harness.tellAllIsThere([.web(port), .endpoints([local])])
        try await harness.proxier.sync()
        harness.node.change { $0.ruleErrors = [.write: error, .difference: error] }
        await harness.tell([.endpoints([other])])
        #expect(try await harness.proxier.sync()?.failures.count == 1)
        #expect(harness.services["TCP 203.0.113.1:80"] == ["10.244.0.2:8080 1"])
        #expect(try await harness.proxier.sync()?.failures.count == 1)
        harness.node.change { $0.ruleErrors = [:] }
        #expect(try await harness.proxier.sync()?.isComplete == true)
        #expect(harness.node.packetRules == (await expected(harness)))
    }

    @Test("A kernel without what rules need ends the first sync before it changes anything", arguments: [true, false])
    func unavailable(isPlan: Bool) async throws {
        let harness = try harness()
        let error = PacketFilterError(.unavailable, "this kernel has no nftables")
        harness.node.change { $0.ruleErrors[.check] = error }
        await harness.tellAllIsThere([.web(port), .endpoints([local])])
        await #expect(throws: error) {
            if isPlan { _ = try await harness.proxier.plan() } else { _ = try await harness.proxier.sync() }
        }
        #expect(harness.kernel.changes.isEmpty)
        #expect(harness.addresses.isEmpty)
        #expect(error.isPermanent)
    }

    @Test("A dry run shows the rules that would change, and changes none")
    func plan() async throws {
        let harness = try harness()
        harness.node.change { $0.packetObstacles = [PacketObstacle("somebody drops everything")] }
        await harness.tellAllIsThere([.web(port), .endpoints([local])])
        var plan = try #require(try await harness.proxier.plan())
        #expect(plan.rules.isFromScratch && plan.rules.count == 7)
        let lines = plan.description.split(separator: "\n").map(String.init)
        #expect(lines.contains("+ packet rules from scratch"))
        #expect(lines.contains("+ rule cluster-ips TCP 10.96.0.1:80"))
        #expect(lines.last == "! somebody drops everything")
        #expect(harness.node.packetRules == nil)
        try await harness.proxier.sync()
        harness.node.change { $0.packetRules?.elements[.hairpin(address("10.244.0.1"))] = nil }
        plan = try #require(try await harness.proxier.plan())
        #expect(plan.description == "+ rule hairpins 10.244.0.1\n! somebody drops everything")
        #expect(!plan.isEmpty)
    }

    @Test("Obstacles are logged when they begin")
    func obstacles() async throws {
        let log = LogLines()
        let harness = try harness(log)
        harness.node.change { $0.packetObstacles = [PacketObstacle("somebody drops everything")] }
        await harness.tellAllIsThere()
        for _ in 0..<3 {
            try await harness.proxier.sync()
            harness.advance(by: harness.proxier.configuration.syncPeriod)
        }
        #expect(log.warnings.filter { $0.contains("somebody drops everything") }.count == 1)
    }

    @Test("That it isn't known which packets are those of pods is logged once, and only where rules look for them")
    func unknownPods() async throws {
        func warnings(_ configuration: Proxier.Configuration, hasRules: Bool) async throws -> [String] {
            let log = LogLines()
            let harness = try Harness(configuration, hasRules: hasRules, log: log)
            try await harness.proxier.cleanup()
            await harness.tellAllIsThere()
            #expect(try await harness.proxier.plan() != nil)
            #expect(log.warnings.isEmpty)
            for _ in 0..<2 { try await harness.proxier.sync() }
            return log.warnings
        }
        var configuration = Harness.configuration
        #expect(try await warnings(configuration, hasRules: false).isEmpty)
        #expect(try await warnings(configuration, hasRules: true).count == 1)
        configuration.packetRules.pods = .sources([block("10.244.0.0/16")])
        #expect(try await warnings(configuration, hasRules: true).isEmpty)
        // No block of IPv6, which is served.
        let log = LogLines()
        let harness = try Harness(configuration, hasRules: true, log: log)
        await harness.tellAllIsThere([.web(ServicePort(.tcp, 80, clusterIPs: [address("fd00::1")]))])
        for _ in 0..<2 {
            try await harness.proxier.sync()
            harness.advance(by: configuration.syncPeriod)
        }
        #expect(log.warnings.count == 1 && log.warnings.first?.contains("no IPv6 addresses") == true, "\(log.warnings)")
    }

    @Test("A new process compares the rules that the last one left, and writes what differs")
    func restart() async throws {
        var harness = try harness()
        await harness.tellAllIsThere([.web(port), .endpoints([local])])
        try await harness.proxier.sync()
        harness = try harness.restarted()
        await harness.tellAllIsThere([.web(port), .endpoints([other])])
        let report = try #require(try await harness.proxier.sync())
        #expect(report.rules == 2)
        #expect(harness.node.packetRules == (await expected(harness)))
    }

    @Test("A virtual server at the node's own address is not added without the rules that protect it, others there are")
    func refusedAtOwnAddress() async throws {
        let harness = try harness()
        harness.node.change { $0.ruleErrors[.write] = error }
        var own = port
        (own.loadBalancerIPs, own.nodePort) = ([address("192.0.2.10")], 30_080)
        await harness.tellAllIsThere([.web(own), .endpoints([local])])
        #expect(try await harness.proxier.sync()?.failures.count == 2)
        #expect(harness.services["TCP 192.0.2.10:80"] == nil)
        #expect(harness.services["TCP 192.0.2.10:30080"] == ["10.244.0.1:8080 1"])
        harness.node.change { $0.ruleErrors = [:] }
        #expect(try await harness.proxier.sync()?.isComplete == true)
        #expect(harness.services["TCP 192.0.2.10:80"] == ["10.244.0.1:8080 1"])
    }

    @Test("A dry run of a proxier that also syncs doesn't hide what others have changed")
    func planAndSync() async throws {
        let harness = try harness()
        await harness.tellAllIsThere([.web(port), .endpoints([local])])
        try await harness.proxier.sync()
        harness.node.change { $0.packetRules?.elements[.hairpin(address("10.244.0.1"))] = nil }
        #expect(try await harness.proxier.plan()?.rules.count == 1)
        harness.advance(by: harness.proxier.configuration.syncPeriod)
        #expect(try await harness.proxier.sync()?.rules == 1)
    }

    @Test("A clean-up removes the rules; a kernel that can't have any is no failure")
    func cleanup() async throws {
        let harness = try harness()
        await harness.tellAllIsThere([.web(port), .endpoints([local])])
        try await harness.proxier.sync()
        var report = try await harness.proxier.cleanup()
        #expect(report.removedRules && report.failures.isEmpty)
        #expect(harness.node.packetRules == nil)
        harness.node.change { $0.ruleErrors[.remove] = PacketFilterError(.unavailable, "there are none") }
        report = try await harness.proxier.cleanup()
        #expect(!report.removedRules && report.failures.isEmpty)
        harness.node.change { $0.ruleErrors[.remove] = error }
        report = try await harness.proxier.cleanup()
        #expect(report.failures.map(\.description) == ["the rules can't be written"])
        // The proxier can begin again.
        harness.node.change { $0.ruleErrors = [:] }
        #expect(try await harness.proxier.sync()?.rules == 7)
    }

    @Test("To what is somebody else's no rules apply, and other ports of an address that is wholly so are not refused")
    func othersAddress() async throws {
        let harness = try harness()
        let filter = try #require(harness.filter)
        let others = VirtualServer(id("TCP 10.96.0.1:80"), scheduler: .roundRobin)
        try harness.kernel.edit { $0[others.id] = Table.Entry(others) }
        await harness.tellAllIsThere([.web(port), .endpoints([local])])
        try await harness.proxier.sync()
        #expect(harness.node.packetRules?.elements[.address(address("10.96.0.1"))] == nil)
        #expect(harness.node.packetRules?.elements[.address(address("203.0.113.1"))] != nil)
        let destination = PacketRules.Destination(.tcp, Endpoint(address("10.96.0.1"), 80))
        #expect(harness.node.packetRules?.elements[.clusterIP(destination)] == nil)
        await harness.tell([.endpoints([])])
        try await harness.proxier.sync()
        #expect(harness.node.packetRules?.elements[.refused(destination)] == nil)
        #expect(
            harness.node.packetRules?.elements.keys.contains { if case .refused = $0 { true } else { false } } == true
        )
        await harness.tell([.endpoints([other])])
        try await harness.proxier.sync()
        #expect(filter.calls.count { $0 == .difference } == 1)
        try harness.kernel.edit { $0[others.id] = nil }
        harness.advance(by: harness.proxier.configuration.syncPeriod)
        #expect(try await harness.proxier.sync()?.isComplete == true)
        #expect(harness.node.packetRules == (await expected(harness)))
    }
}
