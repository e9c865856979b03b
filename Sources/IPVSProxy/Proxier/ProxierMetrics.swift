import IPVS
import Metrics
import Netlink

/// What a proxier measures, under the names that kube-proxy's users know, as far as kube-proxy has it.
struct ProxierMetrics: Sendable {
    private let duration: Timer
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
        virtualServers = gauge("ipvs_virtual_servers")
        realServers = gauge("ipvs_real_servers")
        drainingServers = gauge("ipvs_draining_real_servers")
        boundAddresses = gauge("ipvs_bound_addresses")
        withoutLocalEndpoints = ClientOrigin.allCases.map { origin in
            let policy = origin == .internal ? "internal" : "external"
            return (origin, gauge("sync_proxy_rules_no_local_endpoints_total", [("traffic_policy", policy)]))
        }
    }

    /// A change of a service was told.
    func toldService() {
        serviceChanges.increment()
        lastQueued.record(Self.now)
    }

    /// A change of a slice was told.
    func toldSlice() {
        sliceChanges.increment()
        lastQueued.record(Self.now)
    }

    /// So many services are waiting to be taken.
    func queued(services count: Int) { pendingServices.record(count) }

    /// So many slices are waiting to be taken.
    func queued(slices count: Int) { pendingSlices.record(count) }

    /// A sync has taken what was waiting.
    func tookChanges() {
        queued(services: 0)
        queued(slices: 0)
    }

    /// A sync got through, after so long; and so long after the oldest change that it took was told, if it took one.
    func synced(_ report: SyncReport, _ state: DesiredState, took time: Duration, sinceQueued wait: Duration?) {
        duration.record(duration: time)
        if let wait { programmingDuration.record(duration: wait) }
        lastSync.record(Self.now)
        if report.kind == .full { fullSyncs.increment() }
        failures.record(report.failures.count)
        virtualServers.record(state.table.count)
        realServers.record(state.realServerCount)
        drainingServers.record(report.draining)
        boundAddresses.record(state.addressCount)
        for (origin, gauge) in withoutLocalEndpoints {
            gauge.record(state.servicePortsWithoutLocalEndpoints(for: origin).count)
        }
    }

    /// A sync broke off.
    func failed() { failedSyncs.increment() }

    /// The time of day, in seconds since 1970.
    private static var now: Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
