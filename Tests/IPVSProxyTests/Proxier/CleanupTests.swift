import IPVS
import IPVSNode
import IPVSProxyTestSamples
import IPVSProxyTesting
import IPVSTesting
import Testing

@testable import IPVSProxy

@Suite("What a clean-up leaves to others")
struct CleanupTests {
    private let port = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")])
    private let own = id("TCP 10.96.0.1:80")
    private let endpoint = ServiceEndpoint("10.244.0.1:8080")

    @Test("A clean-up leaves virtual servers without a mark, and names those at the proxier's addresses")
    func cleanupLeavesWhatHasNoMark() async throws {
        let harness = try Harness()
        await harness.tellAllIsThere([.web(port), .endpoints([endpoint])])
        try await harness.proxier.sync()
        // `ipvsadm --edit-service` of the proxier's own, and another program's at the same address and elsewhere.
        try harness.kernel.edit { $0[own]?.server.flags = [] }
        for text in ["TCP 10.96.0.1:8443", "TCP 198.51.100.9:80"] { try harness.kernel.addOthers(text) }
        let report = try await harness.restarted().proxier.cleanup()
        #expect(report.left == [own, id("TCP 10.96.0.1:8443")])
        #expect(report.virtualServers == 0 && report.addresses == 1 && report.failures.isEmpty)
        #expect(Set(harness.services.keys) == ["TCP 10.96.0.1:80", "TCP 10.96.0.1:8443", "TCP 198.51.100.9:80"])
        // The next one finds no addresses of its own.
        #expect(try await harness.restarted().proxier.cleanup() == CleanupReport())
    }

    @Test("A clean-up with nothing to clean up")
    func nothingToClean() async throws {
        let harness = try Harness(node: InMemoryNode(dummy: "kube-ipvs0", ["10.96.0.1"]))
        try harness.kernel.addOthers("TCP 10.96.0.1:80")
        // The interface belongs to another proxy.
        let report = try await harness.proxier.cleanup()
        #expect(report == CleanupReport())
        #expect(harness.services.count == 1 && harness.addresses == [address("10.96.0.1")])
    }
}
