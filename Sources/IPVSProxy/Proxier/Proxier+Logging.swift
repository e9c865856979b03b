import IPVS
import IPVSNode
import Logging

// What a proxier logs of its syncs.

extension Proxier {
    /// Logs, once for each family that is served, that it is not known which packets are those of pods.
    func logUnknownPods() {
        if case .sources(let blocks) = configuration.packetRules.pods {
            for family in unknownPods where blocks.contains(where: { $0.first.family == family }) {
                unknownPods.remove(family)
            }
            for family in unknownPods where state.hasAddresses(of: family) {
                unknownPods.remove(family)
                logger.warning(
                    """
                    the blocks of pods that are configured have no \(family) addresses: at \(family) cluster IPs only the \
                    node's own connections are masqueraded, and services with the local policy treat \(family) pods like \
                    clients outside the cluster
                    """
                )
            }
            return
        }
        guard configuration.packetRules.pods == .none, !unknownPods.isEmpty else { return }
        unknownPods = []
        logger.warning(
            """
            it is not configured which packets are those of the cluster's pods: at cluster IPs only the node's own connections \
            are masqueraded, and services with the local policy treat pods like clients outside the cluster
            """
        )
    }

    /// How many changes are named that one sync makes.
    private static let namedChanges = 20

    /// Logs what the control plane has changed since the last sync, one line for each service and each service port. The first
    /// lists, and what is more than a reader wants to see, are only counted.
    func logPendingChanges() {
        guard logger.logLevel <= .info else { return }
        let (services, slices) = (state.services.pendingCount, state.slices.pendingCount)
        guard services + slices > 0 else { return }
        if state.services.objects.isEmpty && state.slices.objects.isEmpty {
            logger.info("first objects: services: \(services), endpoint slices: \(slices)")
            return
        }
        guard services + slices <= 50 * Self.namedChanges else {
            logger.info("objects that have changed: services: \(services), endpoint slices: \(slices)")
            return
        }
        let lines =
            state.services.pending.compactMap(\.summary) + EndpointChange.all(in: state.slices.pending).map(\.summary)
        for line in lines.prefix(Self.namedChanges) { logger.info("\(line)") }
        if lines.count > Self.namedChanges { logger.info("and \(lines.count - Self.namedChanges) more changes") }
    }

    func log(_ rejections: [Rejection]) {
        for rejection in rejections { logger.warning("\(rejection)") }
    }

    /// Logs node-port blocks when they begin to be unserved. Each full sync finds the same ones again.
    func log(_ blocks: [UnservedBlock]) {
        for block in blocks where !loggedBlocks.contains(block) { logger.warning("\(block)") }
        loggedBlocks = blocks
    }

    /// Logs what stands in the way of packets when it begins to. Each full sync finds the same again.
    func log(_ obstacles: [PacketObstacle]) {
        for obstacle in obstacles where !loggedObstacles.contains(obstacle) { logger.warning("\(obstacle)") }
        loggedObstacles = obstacles
    }

    func log(brokenOff error: any Error) { logger.error("the sync broke off: \(error)") }

    /// The error says who has the interface.
    func log(waiting error: AddressError, for timeout: Duration) {
        logger.warning("\(error); waiting for up to \(timeout)")
    }

    func log(lockObstacle obstacle: String) {
        logger.warning("the lock on \(configuration.interface) keeps no other proxier out: \(obstacle)")
    }

    /// How many virtual servers are named that were taken over at once: those of kube-proxy can be thousands.
    private static let namedTakeOvers = 5

    func log(_ report: SyncReport) {
        if !report.takenOver.isEmpty {
            let some = report.takenOver.prefix(Self.namedTakeOvers).map(\.description).joined(separator: ", ")
            let more = report.takenOver.count > Self.namedTakeOvers ? ", and more" : ""
            logger.notice(
                "virtual servers without the proxier's mark taken over: \(report.takenOver.count) (\(some)\(more))"
            )
            for id in report.takenOver.dropFirst(Self.namedTakeOvers) { logger.debug("took over \(id)") }
        }
        let level: Logger.Level =
            report.changes + report.bound + report.unbound + report.rules + report.drained > 0 ? .info : .debug
        logger.log(level: level, "\(report.kind == .full ? "full sync" : "sync of changes")", metadata: report.metadata)
        for failure in report.failures { logger.error("\(failure)") }
        if report.kind == .full { log(report.obstacles) }
        if let settings = report.settings { log(settings) }
        if let timeouts = report.timeouts { log(timeouts) }
    }

    private func log(_ settings: Sysctls.Outcome) {
        for change in settings.changes {
            logger.info("set \(change.name) to \(change.after), which was \(change.before)")
        }
        // Each full sync finds the same problems again.
        let trouble = settings.trouble
        guard trouble != loggedTrouble else { return }
        loggedTrouble = trouble
        for name in trouble.missing { logger.warning("this kernel has no \(name)") }
        for failure in trouble.failures { logger.error("\(failure)") }
    }

    private func log(_ timeouts: TimeoutSetting.Outcome) {
        for change in timeouts.changes {
            logger.info("set the \(change.setting) to \(change.after) s, which was \(change.before) s")
        }
        guard timeouts.failures != loggedTimeouts else { return }
        loggedTimeouts = timeouts.failures
        for failure in timeouts.failures { logger.error("\(failure)") }
    }
}

extension SyncReport {
    fileprivate var metadata: Logger.Metadata {
        [
            "changes": "\(changes)", "bound": "\(bound)", "unbound": "\(unbound)", "drained": "\(drained)",
            "rules": "\(rules)", "draining": "\(draining)", "failed": "\(failures.count)",
        ]
    }
}
