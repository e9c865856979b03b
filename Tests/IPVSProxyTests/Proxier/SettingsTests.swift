import Glibc
import IPVS
import IPVSNodeTestFakes
import IPVSProxyTestSamples
import Testing

@testable import IPVSNode
@testable import IPVSProxy

@Suite("A proxier's kernel settings")
struct SettingsTests {
    private let port = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")])
    private let conntrack = "/proc/sys/net/ipv4/vs/conntrack"
    private let forward = "/proc/sys/net/ipv4/ip_forward"

    private var configuration: Proxier.Configuration {
        var configuration = Harness.configuration
        configuration.sysctls = [Sysctl("net.ipv4.vs.conntrack", 1), Sysctl("net.ipv4.ip_forward", 1)]
        return configuration
    }

    @Test("Settings are recorded before they are changed, and any clean-up restores them")
    func noted() async throws {
        let files = FakeFiles([conntrack: "0", forward: "1"])
        let harness = try Harness(configuration, files: files)
        await harness.tellAllIsThere([.web(port)])
        let report = try await harness.proxier.sync()
        #expect(report?.settings?.changes.map(\.name) == ["net.ipv4.vs.conntrack"])
        #expect(files.values == [conntrack: "1", forward: "1"])
        #expect(harness.alias == "swift-ipvs ipv4.vs.conntrack=0:1")
        #expect(try await harness.proxier.sync()?.settings == nil)

        let restarted = try harness.restarted()
        await restarted.tellAllIsThere([.web(port)])
        #expect(try await restarted.proxier.sync()?.settings?.changes.isEmpty == true)
        #expect(harness.alias == "swift-ipvs ipv4.vs.conntrack=0:1")
        let cleanup = try await harness.restarted().proxier.cleanup()
        #expect(cleanup.settings.changes == [Sysctls.Change(name: "net.ipv4.vs.conntrack", before: 1, after: 0)])
        #expect(cleanup.virtualServers == 1 && cleanup.addresses == 1 && cleanup.removedInterface)
        #expect(files.values == [conntrack: "0", forward: "1"])
        #expect(harness.alias == nil)
    }

    @Test("Settings that others change, or that are lost with a module, are set again after a period")
    func mended() async throws {
        let files = FakeFiles([conntrack: "0", forward: "0"])
        let harness = try Harness(configuration, files: files)
        await harness.tellAllIsThere([.web(port)])
        try await harness.proxier.sync()
        (files.values[conntrack], files.values[forward]) = ("0", "0")
        harness.advance(by: harness.proxier.configuration.syncPeriod)
        #expect(try await harness.proxier.sync()?.settings?.changes.count == 2)
        #expect(files.values == [conntrack: "1", forward: "1"])
        #expect(harness.alias == "swift-ipvs ipv4.vs.conntrack=0:1 ipv4.ip_forward=0:1")
        try await harness.proxier.cleanup()
        #expect(files.values == [conntrack: "0", forward: "0"])
    }

    @Test("A setting that could not be set is not restored if others have set it")
    func failed() async throws {
        let files = FakeFiles([conntrack: "0", forward: "0"])
        files.refusals[forward] = EROFS
        let harness = try Harness(configuration, files: files)
        await harness.tellAllIsThere([.web(port)])
        let report = try await harness.proxier.sync()
        #expect(report?.settings?.failures.map(\.name) == ["net.ipv4.ip_forward"])
        #expect(harness.alias == "swift-ipvs ipv4.vs.conntrack=0:1")
        files.refusals = [:]
        files.values[forward] = "1"
        try await harness.proxier.cleanup()
        #expect(files.values == [conntrack: "0", forward: "1"])
    }

    @Test("A dry run reports the settings that would be set")
    func dryRun() async throws {
        let files = FakeFiles([conntrack: "0", forward: "1"])
        let harness = try Harness(configuration, files: files)
        await harness.tellAllIsThere()
        let plan = try #require(try await harness.proxier.plan())
        #expect(!plan.isEmpty && files.writes.isEmpty)
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
            "/proc/sys/kernel/randomize_va_space": "2", "/proc/sys/net/core/somaxconn": "4096", conntrack: "1",
            "/proc/sys/net/ipv4///kernel/randomize_va_space": "2", forward: "1",
        ]
        let files = FakeFiles(values)
        let route = RouteKernel { state in
            let index = state.add("kube-ipvs0", kind: "dummy")
            state.interfaces[index]?.alias = "swift-ipvs \(word)"
        }
        let report = try await Harness(route: route, files: files).proxier.cleanup()
        #expect(report.settings == Sysctls.Outcome() && report.removedInterface)
        #expect(files.writes.isEmpty)
        #expect(files.values == values)
    }

    @Test("A clean-up restores settings of the IPVS mode and configured ones, if the alias names them")
    func knownNames() async throws {
        let files = FakeFiles([forward: "1", "/proc/sys/vm/swappiness": "10"])
        let route = RouteKernel { state in
            let index = state.add("kube-ipvs0", kind: "dummy")
            state.interfaces[index]?.alias = "swift-ipvs ipv4.ip_forward=0:1 .vm.swappiness=60:10"
        }
        var configuration = Harness.configuration
        configuration.sysctls = [Sysctl("vm.swappiness", 10)]
        try await Harness(configuration, route: route, files: files).proxier.cleanup()
        #expect(files.values == [forward: "0", "/proc/sys/vm/swappiness": "60"])
    }

    @Test("A clean-up without options restores the settings of connection tracking")
    func connectionTracking() async throws {
        let netfilter = "/proc/sys/net/netfilter/nf_conntrack_"
        let before = [
            "\(netfilter)max": "65536", "\(netfilter)tcp_timeout_established": "432000",
            "\(netfilter)tcp_timeout_close_wait": "60",
        ]
        let files = FakeFiles(before)
        var configuration = Harness.configuration
        configuration.sysctls = Sysctl.connectionTracking(
            maxPerCore: 32_768,
            min: 131_072,
            tcpEstablishedTimeout: 86_400,
            tcpCloseWaitTimeout: 3_600,
            cores: 8
        )
        let harness = try Harness(configuration, files: files)
        await harness.tellAllIsThere([.web(port)])
        try await harness.proxier.sync()
        #expect(files.values["\(netfilter)max"] == "262144")
        #expect(files.values["\(netfilter)tcp_timeout_established"] == "86400")
        #expect(files.values["\(netfilter)tcp_timeout_close_wait"] == "3600")
        try await harness.restarted(Harness.configuration).proxier.cleanup()
        #expect(files.values == before)
    }
}
