import CoreMetrics
import IPVS
import IPVSProxyTestSamples
import IPVSProxyTesting
import Logging
import MetricsTestKit
import Testing

@testable import IPVSNode
@testable import IPVSProxy

@Suite("Node-port blocks without node ports")
struct UnservedBlockTests {
    @Test(
        "The sentences say why",
        arguments: [
            ("203.0.113.0/24", "the node has no address in it"),
            ("127.0.0.1/32", "loopback addresses have no node ports"),
            ("127.0.0.0/8", "loopback addresses have no node ports"),
            ("::1/128", "loopback addresses have no node ports"),
            ("fe80::/64", "link-local addresses have no node ports"),
            ("0.0.0.0/0", "the node has no address in it except loopback ones, which have no node ports"),
            ("::/0", "the node has no address in it except loopback and link-local ones, which have no node ports"),
            ("fe00::/8", "the node has no address in it except link-local ones, which have no node ports"),
        ]
    )
    func sentences(text: String, reason: String) {
        let facts = NodeFacts(nodePortBlocks: [block(text), block(text)])
        #expect(facts.unservedBlocks.map(\.description) == ["no node port is served in \(text): \(reason)"])
    }

    @Test("Only blocks without an address of the node are unserved, in the configured order")
    func which() {
        let texts = ["::1/128", "192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32"]
        let node = NodeFacts(
            addresses: [address("192.0.2.10"), address("2001:db8::10")],
            nodePortBlocks: texts.map { block($0) }
        )
        #expect(node.unservedBlocks.map { "\($0.block)" } == ["::1/128", "198.51.100.0/24"])
        #expect(NodeFacts().unservedBlocks.isEmpty)
    }

    @Test("They are logged when they begin, counted while they last, and shown by a dry run")
    func reported() async throws {
        var configuration = Harness.configuration
        configuration.nodePortBlocks = [block("127.0.0.1/32"), block("192.0.2.0/24")]
        let (metrics, log) = (TestMetrics(), LogLines())
        let harness = try Harness(configuration, metrics: metrics, log: log)
        let port = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")], nodePort: 30_080)
        await harness.tellAllIsThere([.web(port)])
        let loopback = "no node port is served in 127.0.0.1/32: loopback addresses have no node ports"
        let plan = try #require(try await harness.proxier.plan())
        #expect(plan.unservedBlocks.map(\.description) == [loopback])
        #expect(plan.description.split(separator: "\n").last.map(String.init) == "! \(loopback)")
        #expect(log.warnings.isEmpty)
        let gauge = try metrics.expectGauge("kubeproxy_ipvs_unserved_nodeport_blocks")
        for _ in 0..<3 {
            try await harness.proxier.sync()
            #expect(log.warnings == [loopback] && gauge.lastValue == 1)
            harness.advance(by: configuration.syncPeriod)
        }
        // The node loses the address that served node ports, and gets it again.
        let gone = "no node port is served in 192.0.2.0/24: the node has no address in it"
        func setAddress(_ text: String) {
            let entry = InMemoryNode.InterfaceAddress(address(text), prefixLength: 24)
            harness.node.change { $0.interfaces["eth0"] = InMemoryNode.Interface(addresses: [entry]) }
            harness.advance(by: configuration.syncPeriod)
        }
        for _ in 0..<2 {
            setAddress("198.51.100.1")
            try await harness.proxier.sync()
            #expect(log.warnings.last == gone && gauge.lastValue == 2)
            setAddress("192.0.2.10")
            try await harness.proxier.sync()
            #expect(gauge.lastValue == 1)
        }
        #expect(log.warnings == [loopback, gone, gone])
    }
}
