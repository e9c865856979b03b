import Glibc
import IPVS
import IPVSProxyTestSamples
import IPVSProxyTesting
import IPVSTesting
import Metrics
import MetricsTestKit
import Testing

@testable import IPVSNode
@testable import IPVSProxy

@Suite("A proxier's metrics and health")
struct MetricsTests {
    private let metrics = TestMetrics()
    private let port = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")], nodePort: 30_080)
    private let one = ServiceEndpoint("10.244.0.1:8080")
    private let two = ServiceEndpoint("10.244.0.2:8080")

    private func gauge(_ name: String, _ dimensions: [(String, String)] = []) throws -> Double? {
        try metrics.expectGauge("kubeproxy_" + name, dimensions).lastValue
    }

    private func counter(_ name: String) throws -> Int64 { try metrics.expectCounter("kubeproxy_" + name).totalValue }

    @Test("Queued changes, and programmed ones")
    func programmed() async throws {
        let harness = try Harness(metrics: metrics)
        await harness.tellAllIsThere([.web(port), .endpoints([one]), .endpoints([one, two])])
        #expect(try gauge("sync_proxy_rules_service_changes_pending") == 1)
        #expect(try gauge("sync_proxy_rules_endpoint_changes_pending") == 1)
        #expect(try counter("sync_proxy_rules_service_changes_total") == 1)
        #expect(try counter("sync_proxy_rules_endpoint_changes_total") == 2)
        #expect(try gauge("sync_proxy_rules_last_queued_timestamp_seconds").map { $0 > 1e9 } == true)
        // A change that was undone is not queued any more.
        await harness.tell([.serviceDeleted(web), .sliceDeleted(web)])
        #expect(try gauge("sync_proxy_rules_service_changes_pending") == 0)
        #expect(try gauge("sync_proxy_rules_endpoint_changes_pending") == 0)
        #expect(try counter("sync_proxy_rules_service_changes_total") == 1)
        await harness.tell([.web(port), .endpoints([one, two])])
        harness.advance(by: .seconds(2))
        try await harness.proxier.sync()
        #expect(try gauge("sync_proxy_rules_service_changes_pending") == 0)
        #expect(try gauge("sync_proxy_rules_endpoint_changes_pending") == 0)
        #expect(try gauge("ipvs_virtual_servers") == 2)
        #expect(try gauge("ipvs_real_servers") == 4)
        #expect(try gauge("ipvs_bound_addresses") == 1)
        #expect(try gauge("sync_proxy_rules_last_timestamp_seconds").map { $0 > 1e9 } == true)
        #expect(try counter("sync_full_proxy_rules_total") == 1)
        let programming = try metrics.expectTimer("kubeproxy_network_programming_duration_seconds")
        #expect(programming.values == [2_000_000_000])
        #expect(try metrics.expectTimer("kubeproxy_sync_proxy_rules_duration_seconds").values == [0])
        let (full, partial) = try (
            metrics.expectTimer("kubeproxy_sync_full_proxy_rules_duration_seconds"),
            metrics.expectTimer("kubeproxy_sync_partial_proxy_rules_duration_seconds")
        )
        #expect(full.values == [0] && partial.values.isEmpty)
        // A sync without changes programs nothing.
        await harness.tell([.serviceDeleted(web)])
        try await harness.proxier.sync()
        try await harness.proxier.sync()
        #expect(programming.values.count == 1)
        #expect(full.values.count == 1 && partial.values.count == 2)
        #expect(try gauge("ipvs_virtual_servers") == 0)
        #expect(try gauge("ipvs_real_servers") == 0)
        #expect(try counter("sync_full_proxy_rules_total") == 1)
    }

    @Test("Services without local endpoints, by the origin of their clients")
    func withoutLocalEndpoints() async throws {
        let harness = try Harness(metrics: metrics)
        var local = port
        local.externalTrafficPolicy = .local
        await harness.tellAllIsThere([.web(local), .endpoints([one])])
        try await harness.proxier.sync()
        let name = "sync_proxy_rules_no_local_endpoints_total"
        #expect(try gauge(name, [("traffic_policy", "external")]) == 1)
        #expect(try gauge(name, [("traffic_policy", "internal")]) == 0)
    }

    @Test("Rejections are counted as long as they last")
    func rejections() async throws {
        let harness = try Harness(metrics: metrics)
        let other = NamespacedName("default", "other")
        var wrong = port
        wrong.externalIPs = [address("fd00::9")]
        await harness.tellAllIsThere([.web(wrong), .web(port, name: other)])
        try await harness.proxier.sync()
        // One address of another family, the cluster IP and the node port of the other service.
        #expect(try gauge("ipvs_rejections") == 3)
        await harness.tell([.serviceDeleted(other), .web(port)])
        try await harness.proxier.sync()
        #expect(try gauge("ipvs_rejections") == 0)
    }

    @Test("Failures are counted, and a proxier whose syncs fail is not healthy")
    func failures() async throws {
        let harness = try Harness(metrics: metrics)
        let timeout = harness.proxier.configuration.syncPeriod * 2
        let start = ContinuousClock.now
        harness.kernel.refuse(EIO)
        await harness.tellAllIsThere([.web(port)])
        try await harness.proxier.sync()
        #expect(try gauge("ipvs_failures") == 2)
        // Two failing services are no reason to take the node out of service.
        #expect(await harness.proxier.health.isHealthy(at: start.advanced(by: timeout * 2)))
        harness.kernel.removeFaults()
        harness.kernel.inject(.errno(EIO))
        await harness.tell([.endpoints([one])])
        await #expect(throws: IPVSError.self) { try await harness.proxier.sync() }
        #expect(try counter("sync_proxy_rules_failures_total") == 1)
        #expect(await !harness.proxier.health.isHealthy(at: start.advanced(by: timeout * 2)))
        try await harness.proxier.sync()
        #expect(await harness.proxier.health.isHealthy(at: start.advanced(by: timeout * 2)))
        // A sync that does not even reach the table.
        harness.node.inject(.errno(ENOMEM))
        harness.advance(by: harness.proxier.configuration.syncPeriod)
        await #expect(throws: AddressError.self) { try await harness.proxier.sync() }
        #expect(try counter("sync_proxy_rules_failures_total") == 2)
        #expect(await !harness.proxier.health.isHealthy(at: start.advanced(by: timeout * 2)))
        try await harness.proxier.sync()
        #expect(await harness.proxier.health.isHealthy(at: start.advanced(by: timeout * 2)))
    }
}
