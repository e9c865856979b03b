import Glibc
import IPVS
import IPVSProxyTestSamples
import IPVSProxyTesting
import IPVSTesting
import Logging
import Testing

@testable import IPVSNode
@testable import IPVSProxy

@Suite("Timeouts of idle connections")
struct TimeoutTests {
    private let port = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")])
    private let usual = Timeouts(tcp: 900, tcpFIN: 120, udp: 300)

    private func configuration(_ timeouts: Timeouts) -> Proxier.Configuration {
        var configuration = Harness.configuration
        configuration.timeouts = timeouts
        return configuration
    }

    private func value(_ harness: Harness) -> Timeouts { harness.kernel.timeouts }

    @Test("They are recorded and set by full syncs, and restored by any clean-up")
    func set() async throws {
        let log = LogLines()
        let harness = try Harness(configuration(Timeouts(tcp: 7_200, udp: 300)), log: log)
        await harness.tellAllIsThere([.web(port)])
        let change = TimeoutSetting.Change(.tcp, before: 900, after: 7_200)
        let plan = try #require(try await harness.proxier.plan())
        #expect(plan.timeouts == [change] && value(harness) == usual)
        #expect(plan.description.hasPrefix("- TCP timeout = 900 s\n+ TCP timeout = 7200 s\n+ address 10.96.0.1\n"))
        #expect(try await harness.proxier.sync()?.timeouts?.changes == [change])
        #expect(value(harness) == Timeouts(tcp: 7_200, tcpFIN: 120, udp: 300))
        #expect(harness.alias == "swift-ipvs tcp=900:7200")
        #expect(log.messages(.info).contains("set the TCP timeout to 7200 s, which was 900 s"))
        await harness.tell([.web(port, name: NamespacedName("default", "other"))])
        #expect(try await harness.proxier.sync()?.timeouts == nil)

        // Somebody changes it: the next full sync sets it again, and the first value is still known.
        try Handle(testing: harness.kernel).setTimeouts(Timeouts(tcp: 60))
        harness.advance(by: harness.proxier.configuration.syncPeriod)
        #expect(try await harness.proxier.sync()?.timeouts?.changes == [.init(.tcp, before: 60, after: 7_200)])
        #expect(harness.alias == "swift-ipvs tcp=900:7200")
        // So it is by a later process with another value.
        let next = try harness.restarted(configuration(Timeouts(tcp: 3_600, tcpFIN: 30)))
        await next.tellAllIsThere([.web(port)])
        try await next.proxier.sync()
        #expect(next.alias == "swift-ipvs tcp=900:3600 tcpfin=120:30")
        #expect(try await next.proxier.plan()?.isEmpty == true)
        let report = try await harness.restarted(Harness.configuration).proxier.cleanup()
        #expect(
            report.timeouts.changes == [.init(.tcp, before: 3_600, after: 900), .init(.tcpFIN, before: 30, after: 120)]
        )
        #expect(value(harness) == usual)
    }

    @Test("What others have changed since is not restored")
    func changedSince() async throws {
        let harness = try Harness(configuration(Timeouts(tcp: 7_200, udp: 60)))
        await harness.tellAllIsThere()
        try await harness.proxier.sync()
        try Handle(testing: harness.kernel).setTimeouts(Timeouts(tcp: 1_200))
        #expect(try await harness.proxier.cleanup().timeouts.changes == [.init(.udp, before: 60, after: 300)])
        #expect(value(harness) == Timeouts(tcp: 1_200, tcpFIN: 120, udp: 300))
    }

    @Test("Without configured timeouts none is read or set")
    func none() async throws {
        let harness = try Harness()
        await harness.tellAllIsThere([.web(port)])
        #expect(try await harness.proxier.sync()?.timeouts == TimeoutSetting.Outcome())
        try await harness.proxier.cleanup()
        #expect(
            !harness.kernel.commands.contains { command in
                if case .setTimeouts = command { true } else { command == .readTimeouts }
            }
        )
    }

    @Test("One that the kernel refuses doesn't stop the others, is logged once, and is not restored if others set it")
    func refused() async throws {
        let log = LogLines()
        let harness = try Harness(configuration(Timeouts(tcp: 3_000_000, tcpFIN: 0, udp: 60)), log: log)
        await harness.tellAllIsThere([.web(port)])
        // As one with a faster clock does.
        harness.kernel.refuse(EINVAL) { $0 == .setTimeouts(Timeouts(tcp: 3_000_000)) }
        for _ in 0..<2 {
            let report = try #require(try await harness.proxier.sync())
            #expect(report.timeouts?.failures.map(\.setting) == [.tcp, .tcpFIN])
            harness.advance(by: harness.proxier.configuration.syncPeriod)
        }
        let sentences = log.messages(.error)
        #expect(sentences.count == 2)
        #expect(
            sentences.first
                == "can't set the TCP timeout to 3000000 s: the kernel refuses a timeout that is too long for its clock"
        )
        #expect(value(harness) == Timeouts(tcp: 900, tcpFIN: 120, udp: 60))
        #expect(harness.alias == "swift-ipvs udp=300:60")
        harness.kernel.removeFaults()
        try Handle(testing: harness.kernel).setTimeouts(Timeouts(tcp: 3_000_000))
        try await harness.proxier.cleanup()
        #expect(value(harness).tcp == 3_000_000)
    }

    @Test("A kernel that doesn't balance a protocol has no timeout for it")
    func missing() async throws {
        let harness = try Harness(configuration(Timeouts(udp: 60)))
        harness.kernel.timeouts.udp = nil
        await harness.tellAllIsThere()
        let failures = try await harness.proxier.sync()?.timeouts?.failures
        let sentence = "can't set the UDP timeout to 60 s: this kernel's IPVS doesn't balance the protocol"
        #expect(failures?.map(\.description) == [sentence])
    }

    @Test("An alias with names that no longer fit is read by a clean-up, and one of an earlier version too")
    func longAlias() async throws {
        let settings = Sysctl.ipvsMode(on: KernelVersion(5, 4), forwardingIPv6: true, strictARP: true)
        let before = Dictionary(uniqueKeysWithValues: settings.map { ($0.name, 7) })
        var configuration = configuration(Timeouts(tcp: 2_000_000, tcpFIN: 2_000_001, udp: 2_000_002))
        configuration.sysctls = settings
        let harness = try Harness(configuration, node: InMemoryNode(sysctls: before))
        harness.kernel.timeouts = Timeouts(tcp: 1_000_000, tcpFIN: 1_000_001, udp: 1_000_002)
        let timeouts = value(harness)
        await harness.tellAllIsThere([.web(port)])
        try await harness.proxier.sync()
        #expect(harness.node.sysctls != before && value(harness) != timeouts)
        let report = try await harness.restarted(Harness.configuration).proxier.cleanup()
        #expect(report.settings.changes.count == 8 && report.timeouts.changes.count == 3)
        #expect(harness.node.sysctls == before && value(harness) == timeouts)
    }
}
