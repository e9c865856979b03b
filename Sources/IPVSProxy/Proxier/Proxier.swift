import IPVS
import IPVSNode
public import Logging
public import Metrics

/// Keeps the kernel's table, the addresses and the packet rules of a node in line with a control plane's services and endpoints.
///
/// Report all services and endpoint slices to it, and then every change. It syncs the kernel with them, no more often than
/// configured. Before both first lists are complete it changes nothing, as half a list would take services away.
///
///     let proxier = try Proxier()
///     for service in services { await proxier.onServiceAdd(service) }
///     await proxier.onServiceSynced()
///     for slice in slices { await proxier.onEndpointSliceAdd(slice) }
///     await proxier.onEndpointSliceSynced()
///     try await proxier.run()
///
/// It changes only what is its own: virtual servers with its mark, and addresses on its interface. The kernel records both, so
/// they are known after a restart too. On a node where kube-proxy has left its interface, the first sync takes over the
/// virtual servers at its addresses. An interface that somebody else uses is refused, and of two proxiers with one interface
/// the second one, see ``lockInterface()``.
///
/// A real server that is removed gets a weight of 0 and stays until its connections have ended.
public actor Proxier {
    typealias Instant = ContinuousClock.Instant

    /// The configuration.
    public nonisolated let configuration: Configuration

    /// Whether the proxier keeps up with the changes that are reported to it.
    public internal(set) var health: Health<ContinuousClock.Instant>

    let node: NodeSync
    let runner: BoundedFrequencyRunner<ContinuousClock>
    let metrics: ProxierMetrics
    let logger: Logger
    let now: @Sendable () -> Instant
    nonisolated let healthCheckFeed = UpdateFeed<HealthCheck>()
    nonisolated let troubleFeed = UpdateFeed<ServiceTrouble>()

    /// What the control plane wants.
    var state: DesiredState

    /// Whether the first list of services and that of endpoint slices are complete.
    var (areServicesSynced, areSlicesSynced) = (false, false)

    /// When the oldest change was reported that no sync has taken.
    var waitingSince: Instant?

    /// When the changes of endpoints happened that no sync has taken.
    var triggers: [Instant] = []

    /// How long to wait before failures are retried.
    var retryDelay: Duration?

    /// The node-port blocks without node ports that were logged last.
    var loggedBlocks: [UnservedBlock] = []

    /// The families of which it may not be configured which packets are those of pods, and that has not been logged.
    var unknownPods: Set<IPAddress.Family>

    /// What stood in the way of packets, as it was logged last.
    var loggedObstacles: [PacketObstacle] = []

    /// The problems with kernel settings that were logged last.
    var loggedTrouble = Sysctls.Outcome()

    /// Why the lock on the interface keeps nobody out, as it was logged last.
    var lockObstacle: String?

    /// The timeouts that could not be set, as they were logged last.
    var loggedTimeouts: [TimeoutSetting.Failure] = []

    /// Whether a sync, or another use of the kernel, is in progress, and who waits for its end.
    private var isBusy = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    /// Opens the kernel's table and the node's addresses.
    ///
    /// - Parameters:
    ///   - configuration: The configuration.
    ///   - packetFilter: The packet rules of the same node, which have to be this proxier's alone; nil for none. Without rules
    ///     only some of a service's clients get answers.
    ///   - logger: The logger for changes and failures.
    ///   - metrics: The factory of the metrics.
    /// - Throws: `IPVSError` where the kernel has no IPVS, or where the namespace can't be entered; `AddressError` where no
    ///   interface can have the name; `ConnectionTrackingError` where a socket can't be opened. That the process may not use IPVS shows with the first sync.
    public init(
        _ configuration: Configuration = Configuration(),
        packetFilter: (any PacketFilter)? = nil,
        logger: Logger = Logger(label: "IPVSProxy"),
        metrics: any MetricsFactory = MetricsSystem.factory
    ) throws {
        let kernel = try NodeSync.Kernel(configuration, packetFilter)
        self.init(configuration, kernel, logger: logger, metrics: metrics) { ContinuousClock.now }
    }

    /// A proxier of a node whose parts are open already, with a clock.
    package init(
        _ configuration: Configuration,
        _ kernel: NodeSync.Kernel,
        logger: Logger,
        metrics: any MetricsFactory,
        now: @escaping @Sendable () -> ContinuousClock.Instant
    ) {
        self.configuration = configuration
        self.logger = logger
        self.metrics = ProxierMetrics(metrics)
        self.now = now
        node = NodeSync(kernel, configuration, now: now)
        runner = BoundedFrequencyRunner(
            minInterval: configuration.minSyncPeriod,
            maxInterval: configuration.syncPeriod
        )
        health = Health(syncPeriod: configuration.syncPeriod)
        unknownPods = kernel.packetFilter == nil ? [] : [.ipv4, .ipv6]
        state = DesiredState(
            node: NodeFacts(configuration, mark: node.ownership.mark),
            packetRules: kernel.packetFilter == nil ? nil : configuration.packetRules
        )
    }

    /// Does something that uses the kernel, after everything else that does. Changes that are reported meanwhile are recorded.
    func takingTurns<Result>(_ body: () async throws -> Result) async rethrows -> Result {
        if isBusy {
            await withCheckedContinuation { waiters.append($0) }
        } else {
            isBusy = true
        }
        defer {
            // It stays busy for the next one.
            if waiters.isEmpty { isBusy = false } else { waiters.removeFirst().resume() }
        }
        return try await body()
    }
}
