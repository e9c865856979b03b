import Glibc
import IPVS
import IPVSNodeTestFakes
import IPVSProxyTestSamples
import IPVSTestModels
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
        /// A random call fails, and with it the sync.
        case calls
        /// Nothing can be sent to rtnetlink, which has the addresses.
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
        var harness = try Harness(RandomHistory.configuration, filter: FakeFilter())
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
            do { try await harness.proxier.sync() } catch { #expect(fault == .calls || fault == .addresses) }
            RandomHistory.mend(harness)
            if random.number(1...4) == 1 { harness.advance(by: .seconds(random.number(1...40))) }
            drain.toggle()
            harness.table.with { state in
                // Draining real servers have connections in every other round.
                for (id, service) in state.services {
                    for real in service.realServers {
                        state.connections[Drain.Target(real.endpoint, of: id)] = drain ? 2 : 0
                    }
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
        #expect(harness.table.with { $0.table } == expected.table)
        #expect(harness.addresses == expected.addresses)
        #expect(harness.filter?.rules == (await harness.proxier.state.packetRules))
        // After that there is nothing left to do.
        harness.table.with { $0.startAnew() }
        harness.advance(by: harness.proxier.configuration.syncPeriod)
        #expect(try await harness.proxier.sync()?.changes == 0)
        #expect(harness.table.with { $0.calls } == ["list"])
    }

    @Test("If any call of a sync fails, the next sync reaches the same state", arguments: 1...12)
    func everyCall(call: Int) async throws {
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
            harness.table.with { state in
                state.startAnew()
                state.failingCall = call
            }
            let isThrown: Bool
            do {
                try await harness.proxier.sync()
                isThrown = false
            } catch {
                isThrown = true
            }
            #expect(isThrown == harness.table.with { $0.calls.count >= call })
            harness.table.with { $0.failingCall = nil }
            try await harness.proxier.sync()
            harness.advance(by: harness.proxier.configuration.drainTimeout)
            try await harness.proxier.sync()
            let expected = Expectation(objects)
            #expect(harness.table.with { $0.table } == expected.table)
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
            case 0...2: harness.filter?.state.withLock { $0.failures[.write] = error }
            case 3...4: harness.filter?.state.withLock { $0.failures[.difference] = error }
            case 5: harness.filter?.state.withLock { $0.failures[.isUnchanged] = error }
            case 6: harness.filter?.meddle { $0 = nil }
            default: harness.filter?.meddle { $0?.elements[.hairpin(IPAddress(10, 244, 0, 1))] = nil }
            }
        case .changes:
            let count = Locked(place)
            harness.table.with { state in
                state.verdict = { _ in
                    count.withLock { count in
                        count += 1
                        return count % 3 == 0 ? [EIO, ENOMEM, EINVAL][count / 3 % 3] : nil
                    }
                }
            }
        case .calls:
            harness.table.with { $0.failingCall = $0.calls.count + 1 + place % 4 }
        case .addresses:
            harness.route.with { $0.sendFailure = (after: $0.sends.count + place % 5, errno: ENOBUFS) }
        }
    }

    fileprivate static func mend(_ harness: Harness) {
        harness.table.with { state in
            state.verdict = { _ in nil }
            state.failingCall = nil
        }
        harness.route.with { $0.sendFailure = nil }
        harness.filter?.state.withLock { $0.failures = [:] }
    }
}

extension FinalObjects {
    /// The objects in the form in which a control plane lists them.
    fileprivate var events: [RandomHistory.Event] {
        services.values.map { .service($0) } + slices.values.map { .slice($0) }
    }
}
