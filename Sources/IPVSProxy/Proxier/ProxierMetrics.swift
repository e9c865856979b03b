import IPVS
import Metrics
import Netlink

/// A proxier's metrics, under the names that kube-proxy uses for those that it has too.
struct ProxierMetrics: Sendable {
    private let duration: Timer
    private let fullDuration: Timer
    private let partialDuration: Timer
    private let programmingDuration: Timer
    private let lastSync: Gauge
    private let lastQueued: Gauge
    private let pendingServices: Gauge
    private let pendingSlices: Gauge
    private let serviceChanges: Counter
    private let sliceChanges: Counter
    private let fullSyncs: Counter
    private let failedSyncs: Counter
    private let failures: Gauge
    private let rejections: Gauge
    private let unservedBlocks: Gauge
    private let virtualServers: Gauge
    private let realServers: Gauge
    private let drainingServers: Gauge
    private let boundAddresses: Gauge
    private let withoutLocalEndpoints: [(origin: ClientOrigin, gauge: Gauge)]

    init(_ factory: any MetricsFactory) {
        let prefix = "kubeproxy_"
        func gauge(_ name: String, _ dimensions: [(String, String)] = []) -> Gauge {
            Gauge(label: prefix + name, dimensions: dimensions, factory: factory)
        }
        func counter(_ name: String) -> Counter { Counter(label: prefix + name, factory: factory) }
        duration = Timer(label: prefix + "sync_proxy_rules_duration_seconds", factory: factory)
        fullDuration = Timer(label: prefix + "sync_full_proxy_rules_duration_seconds", factory: factory)
        partialDuration = Timer(label: prefix + "sync_partial_proxy_rules_duration_seconds", factory: factory)
        programmingDuration = Timer(label: prefix + "network_programming_duration_seconds", factory: factory)
        lastSync = gauge("sync_proxy_rules_last_timestamp_seconds")
        lastQueued = gauge("sync_proxy_rules_last_queued_timestamp_seconds")
        pendingServices = gauge("sync_proxy_rules_service_changes_pending")
        pendingSlices = gauge("sync_proxy_rules_endpoint_changes_pending")
        serviceChanges = counter("sync_proxy_rules_service_changes_total")
        sliceChanges = counter("sync_proxy_rules_endpoint_changes_total")
        fullSyncs = counter("sync_full_proxy_rules_total")
        failedSyncs = counter("sync_proxy_rules_failures_total")
        failures = gauge("ipvs_failures")
        rejections = gauge("ipvs_rejections")
        unservedBlocks = gauge("ipvs_unserved_nodeport_blocks")
        virtualServers = gauge("ipvs_virtual_servers")
        realServers = gauge("ipvs_real_servers")
        drainingServers = gauge("ipvs_draining_real_servers")
        boundAddresses = gauge("ipvs_bound_addresses")
        withoutLocalEndpoints = ClientOrigin.allCases.map { origin in
            let policy = origin == .internal ? "internal" : "external"
            return (origin, gauge("sync_proxy_rules_no_local_endpoints_total", [("traffic_policy", policy)]))
        }
    }

    /// Records that a change of a service was reported.
    func reportedService() {
        serviceChanges.increment()
        lastQueued.record(Self.now)
    }

    /// Records that a change of an endpoint slice was reported.
    func reportedSlice() {
        sliceChanges.increment()
        lastQueued.record(Self.now)
    }

    /// Records how many services have pending changes.
    func queued(services count: Int) { pendingServices.record(count) }

    /// Records how many endpoint slices have pending changes.
    func queued(slices count: Int) { pendingSlices.record(count) }

    /// Records that a sync has taken the pending changes.
    func tookChanges() {
        queued(services: 0)
        queued(slices: 0)
    }

    /// Records a completed sync.
    ///
    /// - Parameters:
    ///   - report: What it has done.
    ///   - state: What it has synced.
    ///   - time: How long it took.
    ///   - waits: The times since the changes of endpoints that it took.
    func synced(_ report: SyncReport, _ state: DesiredState, took time: Duration, sinceTriggers waits: [Duration]) {
        duration.record(duration: time)
        (report.kind == .full ? fullDuration : partialDuration).record(duration: time)
        for wait in waits { programmingDuration.record(duration: max(wait, .zero)) }
        lastSync.record(Self.now)
        if report.kind == .full { fullSyncs.increment() }
        failures.record(report.failures.count)
        rejections.record(state.rejectionCount)
        unservedBlocks.record(state.node.unservedBlocks.count)
        virtualServers.record(state.table.count)
        realServers.record(state.realServerCount)
        drainingServers.record(report.draining)
        boundAddresses.record(state.addressCount)
        for (origin, gauge) in withoutLocalEndpoints {
            gauge.record(state.servicePortsWithoutLocalEndpoints(for: origin).count)
        }
    }

    /// Records that a sync broke off.
    func failed() { failedSyncs.increment() }

    /// The time of day, in seconds since 1970.
    private static var now: Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
