import IPVS
import IPVSNode
public import Logging
public import Metrics

/// Keeps the kernel's table and the addresses of a node as a control plane's services and endpoints have it.
///
/// Tell it of every service and every endpoint slice there is, then of every change; it makes them so, not more often than
/// allowed. Nothing is touched before both first lists have been told, as half of them would take services away.
///
///     let proxier = try Proxier()
///     for service in services { await proxier.onServiceAdd(service) }
///     await proxier.onServiceSynced()
///     for slice in slices { await proxier.onEndpointSliceAdd(slice) }
///     await proxier.onEndpointSliceSynced()
///     try await proxier.run()
///
/// It touches only what is its own: virtual servers that bear its mark, and addresses on its interface. That is known from
/// the kernel alone, so it holds after a restart too. On a node where kube-proxy has left its interface, the first sync
/// takes over what is at its addresses; an interface that somebody else uses is refused.
///
/// A real server that leaves gets a weight of 0 and stays until its connections are over.
public actor Proxier {
    typealias Instant = ContinuousClock.Instant

    /// What it goes by.
    public nonisolated let configuration: Configuration

    /// Whether it keeps up with what it is told.
    public internal(set) var health: Health<ContinuousClock.Instant>

    let node: NodeSync
    let runner: BoundedFrequencyRunner<ContinuousClock>
    let metrics: ProxierMetrics
    let logger: Logger
    let now: @Sendable () -> Instant

    /// What the control plane has told.
    var state: DesiredState

    /// Whether the first list of services and that of endpoint slices has been told.
    var (areServicesSynced, areSlicesSynced) = (false, false)

    /// When the oldest change was told that no sync has taken.
    var waitingSince: Instant?

    /// What was told last of the kernel's settings that could not be made.
    var toldTrouble = Sysctls.Outcome()

    /// How long to wait before failures are tried again.
    var retryDelay: Duration?

    /// Whether a sync, or another use of the kernel, is under way, and who waits for its end.
    private var isBusy = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    /// Opens the kernel's table and the node's addresses.
    ///
    /// - Parameters:
    ///   - configuration: What it goes by.
    ///   - logger: Where it tells what it does, and what fails.
    ///   - metrics: Where its measurements go.
    /// - Throws: `IPVSError` where the kernel has no IPVS or forbids its use, and ``AddressError``.
    public init(
        _ configuration: Configuration = Configuration(),
        logger: Logger = Logger(label: "IPVSProxy"),
        metrics: any MetricsFactory = MetricsSystem.factory
    ) throws {
        let kernel =
            if let namespace = configuration.namespace {
                NodeSync.Kernel(
                    table: try Handle(namespace: namespace),
                    binder: try AddressBinder(
                        interface: configuration.interface,
                        method: configuration.bindingMethod,
                        namespace: namespace
                    ),
                    sysctls: Sysctls(namespace: namespace),
                    namespace: try NodeNamespace(namespace)
                )
            } else {
                NodeSync.Kernel(
                    table: try Handle(),
                    binder: try AddressBinder(
                        interface: configuration.interface,
                        method: configuration.bindingMethod
                    ),
                    sysctls: Sysctls()
                )
            }
        self.init(configuration, kernel, logger: logger, metrics: metrics) { ContinuousClock.now }
    }

    init(
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
        node = NodeSync(kernel, NodeSync.Settings(configuration, now: now))
        runner = BoundedFrequencyRunner(
            minInterval: configuration.minSyncPeriod,
            maxInterval: configuration.syncPeriod
        )
        health = Health(syncPeriod: configuration.syncPeriod)
        state = DesiredState(
            node: NodeFacts(
                nodePortBlocks: configuration.nodePortBlocks,
                excludedBlocks: configuration.excludedBlocks,
                scheduler: configuration.scheduler,
                flags: Ownership(interface: configuration.interface).mark
            )
        )
    }

    /// Does something that uses the kernel, after all else that does. What the control plane tells meanwhile is only noted.
    func takingTurns<Result>(_ body: () async throws -> Result) async rethrows -> Result {
        if isBusy {
            await withCheckedContinuation { waiters.append($0) }
        } else {
            isBusy = true
        }
        defer {
            // Whoever is next finds it busy, as it was.
            if waiters.isEmpty { isBusy = false } else { waiters.removeFirst().resume() }
        }
        return try await body()
    }
}

extension NodeSync.Settings {
    init(_ configuration: Proxier.Configuration, now: @escaping @Sendable () -> ContinuousClock.Instant) {
        self.init(
            excludedBlocks: configuration.excludedBlocks,
            sysctls: configuration.sysctls,
            syncPeriod: configuration.syncPeriod,
            drainTimeout: configuration.drainTimeout,
            drainInterval: configuration.drainInterval,
            now: now
        )
    }
}
