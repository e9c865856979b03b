import Glibc
import IPVS
import IPVSProxyTestSamples
import IPVSProxyTesting
import Testing

@testable import IPVSNode
@testable import IPVSProxy

@Suite("A proxier's kernel settings")
struct SettingsTests {
    private let port = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")])
    private let conntrack = "net.ipv4.vs.conntrack"
    private let forward = "net.ipv4.ip_forward"

    private var configuration: Proxier.Configuration {
        var configuration = Harness.configuration
        configuration.sysctls = [Sysctl("net.ipv4.vs.conntrack", 1), Sysctl("net.ipv4.ip_forward", 1)]
        return configuration
    }

    @Test("Settings are recorded before they are changed, and any clean-up restores them")
    func noted() async throws {
        let node = InMemoryNode(sysctls: [conntrack: 0, forward: 1])
        let harness = try Harness(configuration, node: node)
        await harness.tellAllIsThere([.web(port)])
        let report = try await harness.proxier.sync()
        #expect(report?.settings?.changes.map(\.name) == ["net.ipv4.vs.conntrack"])
        #expect(node.sysctls == [conntrack: 1, forward: 1])
        #expect(harness.alias == "swift-ipvs ipv4.vs.conntrack=0:1")
        #expect(try await harness.proxier.sync()?.settings == nil)

        let restarted = try harness.restarted()
        await restarted.tellAllIsThere([.web(port)])
        #expect(try await restarted.proxier.sync()?.settings?.changes.isEmpty == true)
        #expect(harness.alias == "swift-ipvs ipv4.vs.conntrack=0:1")
        let cleanup = try await harness.restarted().proxier.cleanup()
        #expect(cleanup.settings.changes == [Sysctls.Change(name: "net.ipv4.vs.conntrack", before: 1, after: 0)])
        #expect(cleanup.virtualServers == 1 && cleanup.addresses == 1 && cleanup.removedInterface)
        #expect(node.sysctls == [conntrack: 0, forward: 1])
        #expect(harness.alias == nil)
    }

    @Test("Settings that others change, or that are lost with a module, are set again after a period")
    func mended() async throws {
        let node = InMemoryNode(sysctls: [conntrack: 0, forward: 0])
        let harness = try Harness(configuration, node: node)
        await harness.tellAllIsThere([.web(port)])
        try await harness.proxier.sync()
        node.change { $0.sysctls = [conntrack: 0, forward: 0] }
        harness.advance(by: harness.proxier.configuration.syncPeriod)
        #expect(try await harness.proxier.sync()?.settings?.changes.count == 2)
        #expect(node.sysctls == [conntrack: 1, forward: 1])
        #expect(harness.alias == "swift-ipvs ipv4.vs.conntrack=0:1 ipv4.ip_forward=0:1")
        try await harness.proxier.cleanup()
        #expect(node.sysctls == [conntrack: 0, forward: 0])
    }

    @Test("A setting that could not be set is not restored if others have set it")
    func failed() async throws {
        let node = InMemoryNode(sysctls: [conntrack: 0, forward: 0])
        node.change { $0.sysctlErrors[forward] = EROFS }
        let harness = try Harness(configuration, node: node)
        await harness.tellAllIsThere([.web(port)])
        let report = try await harness.proxier.sync()
        #expect(report?.settings?.failures.map(\.name) == ["net.ipv4.ip_forward"])
        #expect(harness.alias == "swift-ipvs ipv4.vs.conntrack=0:1")
        node.change { contents in
            contents.sysctlErrors = [:]
            contents.sysctls[forward] = 1
        }
        try await harness.proxier.cleanup()
        #expect(node.sysctls == [conntrack: 0, forward: 1])
    }

    @Test("A dry run reports the settings that would be set")
    func dryRun() async throws {
        let node = InMemoryNode(sysctls: [conntrack: 0, forward: 1])
        let harness = try Harness(configuration, node: node)
        await harness.tellAllIsThere()
        let plan = try #require(try await harness.proxier.plan())
        #expect(!plan.isEmpty && node.sysctls == [conntrack: 0, forward: 1])
        #expect(plan.description == "- net.ipv4.vs.conntrack = 0\n+ net.ipv4.vs.conntrack = 1")
        try await harness.proxier.sync()
        #expect(try await harness.proxier.plan()?.isEmpty == true)
    }

    @Test(
        "A clean-up restores no settings other than a proxier's, whatever the alias names",
        arguments: [
            ".kernel.randomize_va_space=0:2", ".kernel/randomize_va_space=0:2",
            ".net.ipv4...kernel.randomize_va_space=0:2", "core.somaxconn=1:4096", "ipv4.vs.conntrack=99999999999:1",
            "ipv4/ip_forward=0:1",
        ]
    )
    func foreignNames(word: String) async throws {
        let values = [
            "kernel.randomize_va_space": 2, "net.core.somaxconn": 4_096, conntrack: 1,
            "net.ipv4...kernel.randomize_va_space": 2, forward: 1,
        ]
        let node = InMemoryNode(sysctls: values, alias: "swift-ipvs \(word)")
        let report = try await Harness(node: node).proxier.cleanup()
        #expect(report.settings == Sysctls.Outcome() && report.removedInterface)
        #expect(node.sysctls == values)
    }

    @Test("A clean-up restores settings of the IPVS mode and configured ones, if the alias names them")
    func knownNames() async throws {
        let alias = "swift-ipvs ipv4.ip_forward=0:1 .vm.swappiness=60:10"
        let node = InMemoryNode(sysctls: [forward: 1, "vm.swappiness": 10], alias: alias)
        var configuration = Harness.configuration
        configuration.sysctls = [Sysctl("vm.swappiness", 10)]
        try await Harness(configuration, node: node).proxier.cleanup()
        #expect(node.sysctls == [forward: 0, "vm.swappiness": 60])
    }

    @Test("A clean-up without options restores the settings of connection tracking")
    func connectionTracking() async throws {
        let netfilter = "net.netfilter.nf_conntrack_"
        let before = [
            "\(netfilter)max": 65_536, "\(netfilter)tcp_timeout_established": 432_000,
            "\(netfilter)tcp_timeout_close_wait": 60,
        ]
        let node = InMemoryNode(sysctls: before)
        var configuration = Harness.configuration
        configuration.sysctls = Sysctl.connectionTracking(
            maxPerCore: 32_768,
            min: 131_072,
            tcpEstablishedTimeout: 86_400,
            tcpCloseWaitTimeout: 3_600,
            cores: 8
        )
        let harness = try Harness(configuration, node: node)
        await harness.tellAllIsThere([.web(port)])
        try await harness.proxier.sync()
        #expect(node.sysctls["\(netfilter)max"] == 262_144)
        #expect(node.sysctls["\(netfilter)tcp_timeout_established"] == 86_400)
        #expect(node.sysctls["\(netfilter)tcp_timeout_close_wait"] == 3_600)
        try await harness.restarted(Harness.configuration).proxier.cleanup()
        #expect(node.sysctls == before)
    }
}
