import IPVS
import IPVSProxyTestSamples
import IPVSTestModels
import IPVSTesting
import Netlink
import Testing

@testable import IPVSNode
@testable import IPVSProxy

/// Conntrack entries that stand in for those of a kernel, as a node in memory tracks no connections.
final class FakeTracking: TrackedConnections {
    /// Each set of endpoints whose entries were deleted.
    let calls = Locked<[Set<Endpoint>]>([])
    let failure = Locked<ConnectionTrackingError?>(nil)

    func deleteUntranslatedUDP(to endpoints: Set<Endpoint>) throws(ConnectionTrackingError) -> Int {
        if let failure = failure.value { throw failure }
        calls.withLock { $0.append(endpoints) }
        return 1
    }
}

@Suite("Entries of UDP clients that came too early")
struct StaleUDPTests {
    private let dns = ServicePort(.udp, 53, clusterIPs: [address("10.96.0.10")], externalIPs: [address("203.0.113.1")])
    private let one = ServiceEndpoint("10.244.0.1:53")
    private let two = ServiceEndpoint("10.244.0.2:53")
    private let both: Set<Endpoint> = [Endpoint(address("10.96.0.10"), 53), Endpoint(address("203.0.113.1"), 53)]

    @Test("They are deleted once, when a service gets its first endpoint")
    func first() async throws {
        let tracking = FakeTracking()
        let harness = try Harness(tracking: tracking)
        await harness.tellAllIsThere([.web(dns)])
        #expect(try await harness.proxier.sync()?.deletedEntries == 0)
        await harness.tell([.endpoints([one])])
        #expect(try await harness.proxier.sync()?.deletedEntries == 1)
        #expect(tracking.calls.value == [both])
        await harness.tell([.endpoints([one, two])])
        try await harness.proxier.sync()
        harness.advance(by: harness.proxier.configuration.syncPeriod)
        try await harness.proxier.sync()
        #expect(tracking.calls.value.count == 1)
    }

    @Test("If that fails, or if a virtual server can't be made, it is tried again")
    func failures() async throws {
        let tracking = FakeTracking()
        let harness = try Harness(tracking: tracking)
        let error = ConnectionTrackingError(.list, .answerLost)
        tracking.failure.withLock { $0 = error }
        await harness.tellAllIsThere([.web(dns), .endpoints([one])])
        #expect(try await harness.proxier.sync()?.failures.map(\.reason) == [.connectionTracking(error)])
        tracking.failure.withLock { $0 = nil }
        #expect(try await harness.proxier.sync()?.isComplete == true)
        #expect(tracking.calls.value == [both])

        let other = NamespacedName("default", "other")
        let udp = ServicePort(.udp, 54, clusterIPs: [address("10.96.0.11")])
        harness.kernel.refuse(12)
        await harness.tell([.web(udp, name: other), .endpoints([one], of: other)])
        #expect(try await harness.proxier.sync()?.isComplete == false)
        #expect(tracking.calls.value.count == 1)
        harness.kernel.removeFaults()
        #expect(try await harness.proxier.sync()?.isComplete == true)
        #expect(tracking.calls.value.last == [Endpoint(address("10.96.0.11"), 54)])
    }

    @Test("TCP connections are left alone")
    func tcp() async throws {
        let tracking = FakeTracking()
        let harness = try Harness(tracking: tracking)
        var port = dns
        port.transport = .tcp
        await harness.tellAllIsThere([.web(port), .endpoints([one])])
        try await harness.proxier.sync()
        #expect(tracking.calls.value.isEmpty)
    }
}
