import Glibc
import IPVS
import IPVSNode
import IPVSProxy
import IPVSProxyTestSamples
import IPVSProxyTesting
import Testing

@Suite("Kernel settings and packet rules of a node in memory")
struct SettingAndRuleTests {
    let node = InMemoryNode()
    private let element = PacketRules.Element(.address(address("10.96.0.1")))

    private var rules: PacketRules { PacketRules(elements: [element.key: element.value]) }

    @Test("Settings are read, set and restored")
    func settings() throws {
        let sysctls = Sysctls(testing: node)
        let before = node.sysctls
        let outcome = sysctls.ensure([Sysctl("net.ipv4.ip_forward", 1), Sysctl("net.ipv4.nosuch", 1)])
        #expect(outcome.changes.map(\.name) == ["net.ipv4.ip_forward"])
        #expect(outcome.missing == ["net.ipv4.nosuch"])
        #expect(node.sysctls["net.ipv4.ip_forward"] == 1)
        #expect(try sysctls.value(of: "net.ipv4.ip_forward") == 1)
        _ = sysctls.restore(outcome.changes)
        #expect(node.sysctls == before)
    }

    @Test("A setting that can't be written is a failure, and the others are set")
    func readOnly() {
        node.change { $0.sysctlErrors["net.ipv4.ip_forward"] = EROFS }
        let outcome = Sysctls(testing: node).ensure([
            Sysctl("net.ipv4.ip_forward", 1), Sysctl("net.ipv4.vs.conntrack", 1),
        ])
        #expect(outcome.failures.map(\.description) == ["can't write net.ipv4.ip_forward: Read-only file system"])
        #expect(node.sysctls["net.ipv4.ip_forward"] == 0 && node.sysctls["net.ipv4.vs.conntrack"] == 1)
    }

    @Test("All settings that a proxier knows are there")
    func known() throws {
        let settings = Sysctl.ipvsMode(on: KernelVersion(5, 0), forwardingIPv6: true, strictARP: true)
        let tracking = Sysctl.connectionTracking(
            maxPerCore: 1,
            tcpEstablishedTimeout: 1,
            tcpCloseWaitTimeout: 1,
            tcpIsLiberal: true,
            udpTimeout: 1,
            udpStreamTimeout: 1
        )
        #expect(Sysctls(testing: node).check(settings + tracking).missing.isEmpty)
    }

    @Test("Rules are written, compared and removed")
    func writing() throws {
        let filter = InMemoryPacketFilter(node)
        #expect(try !filter.isUnchanged())
        let difference = try filter.difference(to: rules)
        #expect(difference.isFromScratch)
        try filter.write(difference)
        #expect(node.packetRules == rules && node.writtenRules == [difference])
        #expect(try filter.isUnchanged())
        #expect(try filter.difference(to: rules).isEmpty)
        #expect(try filter.remove())
        #expect(try !filter.remove())
        #expect(node.packetRules == nil)
    }

    @Test("What others change is found, by a difference and not before")
    func meddling() throws {
        let filter = InMemoryPacketFilter(node)
        try filter.write(try filter.difference(to: rules))
        node.change { $0.packetRules = PacketRules() }
        #expect(try !filter.isUnchanged())
        let difference = try filter.difference(to: rules)
        #expect(difference.added == [element])
        #expect(try filter.isUnchanged())
        // Another process knows nothing yet.
        #expect(try !InMemoryPacketFilter(node).isUnchanged())
    }

    @Test("A difference that does not fit is refused as a whole")
    func refused() throws {
        let filter = InMemoryPacketFilter(node)
        let wrong = [
            PacketRules.Difference(added: [element]),
            PacketRules.Difference(isFromScratch: true, removed: [element]),
            PacketRules.Difference(
                isFromScratch: true,
                added: [
                    PacketRules.Element(
                        .restricted(PacketRules.Destination(.tcp, Endpoint(address("203.0.113.1"), 80))),
                        .sourceRanges(webHTTP)
                    )
                ]
            ),
        ]
        for difference in wrong {
            let error = #expect(throws: PacketFilterError.self) { try filter.write(difference) }
            #expect(error?.code == .refused)
        }
        #expect(node.packetRules == nil)
    }

    @Test("Each operation fails for as long as it is to", arguments: InMemoryNode.RuleOperation.allCases)
    func failing(operation: InMemoryNode.RuleOperation) throws {
        let filter = InMemoryPacketFilter(node)
        let failure = PacketFilterError(.permissionDenied, "not permitted")
        node.change { $0.ruleErrors = [operation: failure] }
        let calls: [InMemoryNode.RuleOperation: () throws -> Void] = [
            .check: { try filter.check(PacketRules.Options()) },
            .isUnchanged: { _ = try filter.isUnchanged() },
            .difference: { _ = try filter.difference(to: rules) },
            .write: { try filter.write(rules.difference(from: nil)) },
            .remove: { _ = try filter.remove() },
            .obstacles: { _ = try filter.obstacles() },
        ]
        for (called, call) in calls where called != operation { try call() }
        let call = try #require(calls[operation])
        #expect(throws: failure) { try call() }
        node.change { $0.ruleErrors = [:] }
        try call()
    }
}
