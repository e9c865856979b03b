import Glibc
import IPVS
import IPVSProxyTestSamples
import IPVSProxyTesting
import IPVSTestModels
import IPVSTesting
import Testing

@testable import IPVSNode
@testable import IPVSProxy

@Suite("Random histories of a proxier, with faults")
struct ProxierHistoryTests {
    /// The kind of faults in a history.
    enum Fault: CaseIterable {
        /// None.
        case none
        /// Single changes are refused at random.
        case changes
        /// A random command fails, and with it the sync if it is a list.
        case commands
        /// The same for a request about addresses.
        case addresses
        /// Packet rules can't be read or written, or others change them.
        case rules
        /// The process is killed and restarted.
        case restarts
    }

    @Test("In the end the kernel has the state of the final objects", arguments: Fault.allCases, 1...12)
    func history(fault: Fault, seed: UInt64) async throws {
        var random = RandomHistory(seed: seed)
        var objects = FinalObjects(node: RandomHistory.facts)
        var harness = try Harness(RandomHistory.configuration, hasRules: true)
        var drain = true
        for _ in 0..<25 {
            var events: [RandomHistory.Event] = []
            for _ in 0..<random.number(1...6) {
                let event = random.event()
                if case .node = event { continue }
                objects.take(event)
                events.append(event)
            }
            await harness.tellAllIsThere(events)
            random.set(fault, harness)
            // It may fail because of the fault; only the final state matters.
            do { try await harness.proxier.sync() } catch { #expect(fault == .commands || fault == .addresses) }
            RandomHistory.mend(harness)
            if random.number(1...4) == 1 { harness.advance(by: .seconds(random.number(1...40))) }
            drain.toggle()
            // Draining real servers have connections in every other round.
            for (id, service) in harness.kernel.entries {
                for real in service.realServers {
                    try harness.kernel.setConnections(active: drain ? 2 : 0, of: real.endpoint, in: id)
                }
            }
            if fault == .restarts, random.number(1...3) == 1 {
                harness = try harness.restarted()
                await harness.tellAllIsThere(objects.events)
            }
        }
        // One sync for unknown outcomes, and one after all drains have timed out.
        try await harness.proxier.sync()
        harness.advance(by: harness.proxier.configuration.drainTimeout)
        let report = try await harness.proxier.sync()
        #expect(report?.isComplete == true && report?.draining == 0, "\(String(describing: report))")
        let expected = Expectation(objects)
        #expect(harness.kernel.table == expected.table)
        #expect(harness.addresses == expected.addresses)
        #expect(harness.node.packetRules == (await harness.proxier.state.packetRules))
        // After that there is nothing left to do.
        harness.startAnew()
        harness.advance(by: harness.proxier.configuration.syncPeriod)
        #expect(try await harness.proxier.sync()?.changes == 0)
        #expect(harness.kernel.changes.isEmpty)
    }

    @Test("If any command of a sync fails, the next sync reaches the same state", arguments: 1...40)
    func everyCommand(command: Int) async throws {
        var random = RandomHistory(seed: 7)
        var objects = FinalObjects(node: RandomHistory.facts)
        let harness = try Harness(RandomHistory.configuration)
        for _ in 0..<2 {
            var events: [RandomHistory.Event] = []
            while events.count < 40 {
                let event = random.event()
                if case .node = event { continue }
                objects.take(event)
                events.append(event)
            }
            await harness.tellAllIsThere(events)
            harness.startAnew()
            harness.kernel.inject(.errno(EIO), at: command)
            var report: SyncReport?
            do { report = try await harness.proxier.sync() } catch { #expect(error is IPVSError) }
            // A change that fails is one of the report, and a list that fails breaks the sync off.
            let isHit = harness.kernel.sentCommands.contains { $0.errno == EIO }
            #expect((report?.isComplete == true) == !isHit)
            harness.kernel.removeFaults()
            try await harness.proxier.sync()
            harness.advance(by: harness.proxier.configuration.drainTimeout)
            try await harness.proxier.sync()
            let expected = Expectation(objects)
            #expect(harness.kernel.table == expected.table)
            #expect(harness.addresses == expected.addresses)
        }
    }
}

extension RandomHistory {
    /// The node in a history with a proxier: that of ``Harness``.
    fileprivate static let facts = NodeFacts(
        addresses: [address("192.0.2.10"), address("2001:db8::10")],
        excludedBlocks: [block("10.96.0.12/32")],
        flags: Ownership(interface: AddressBinder.defaultInterface).mark
    )

    fileprivate static var configuration: Proxier.Configuration {
        var configuration = Harness.configuration
        configuration.excludedBlocks = facts.excludedBlocks
        return configuration
    }

    fileprivate mutating func set(_ fault: ProxierHistoryTests.Fault, _ harness: Harness) {
        let place = number(0...9)
        switch fault {
        case .none, .restarts: break
        case .rules:
            let error = PacketFilterError(.refused, "refused")
            switch place {
            case 0...2: harness.node.change { $0.ruleErrors[.write] = error }
            case 3...4: harness.node.change { $0.ruleErrors[.difference] = error }
            case 5: harness.node.change { $0.ruleErrors[.isUnchanged] = error }
            case 6: harness.node.change { $0.packetRules = nil }
            default: harness.node.change { $0.packetRules?.elements[.hairpin(IPAddress(10, 244, 0, 1))] = nil }
            }
        case .changes:
            let count = Locked(place)
            harness.kernel.refuse([EIO, ENOMEM, EINVAL][place % 3]) { _ in
                count.withLock { count in
                    count += 1
                    return count % 3 == 0
                }
            }
        case .commands:
            harness.kernel.inject(.errno(EIO), at: 1 + place)
        case .addresses:
            harness.node.inject(.errno(ENOMEM), at: 1 + place)
        }
    }

    fileprivate static func mend(_ harness: Harness) {
        harness.kernel.removeFaults()
        harness.node.removeFaults()
        harness.node.change { $0.ruleErrors = [:] }
    }
}

extension FinalObjects {
    /// The objects in the form in which a control plane lists them.
    fileprivate var events: [RandomHistory.Event] {
        services.values.map { .service($0) } + slices.values.map { .slice($0) }
    }
}
