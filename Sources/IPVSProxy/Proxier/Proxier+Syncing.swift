import IPVS
import IPVSNode
import Logging
public import ServiceLifecycle

extension Proxier {
    /// Makes the kernel's table and addresses what they should be: in the first sync, once in a period, and after a sync
    /// that broke off all of them; else those alone that changed since, or that failed before.
    ///
    /// It can be called at any time; ``syncLoop()`` calls it when it is due.
    /// - Returns: What was done, and what could not be. Nil before both first lists have been told: nothing is touched.
    /// - Throws: `IPVSError` or ``AddressError`` where the sync broke off. The next one compares everything.
    @discardableResult
    public func sync() async throws -> SyncReport? {
        guard isSynced else { return nil }
        return try await takingTurns { try await syncNow() }
    }

    private func syncNow() async throws -> SyncReport {
        let begin = now()
        do {
            let isDue = await node.isFullSyncDue
            if isDue { state.node.addresses = try await node.nodeAddresses() }
            return try await syncWhatWaits(since: begin, isDue: isDue)
        } catch {
            // What was to be taken is still waiting, be it only this sync itself.
            health.started(at: begin)
            metrics.failed()
            throw error
        }
    }

    private func syncWhatWaits(since begin: Instant, isDue: Bool) async throws -> SyncReport {
        health.started(at: begin)
        let queued = waitingSince
        waitingSince = nil
        let update = state.apply()
        metrics.tookChanges()
        for rejection in update.rejections { logger.warning("\(rejection)") }
        var report: SyncReport
        do {
            report = try await node.sync(update, state, isDue: isDue)
        } catch {
            waitingSince = queued ?? waitingSince
            throw error
        }
        report.nameServicePorts(by: state)
        let end = now()
        health.finished(at: end)
        let wait = queued.map { $0.duration(to: end) }
        metrics.synced(report, state, took: begin.duration(to: end), sinceQueued: wait)
        log(report)
        return report
    }

    /// What the next sync would do if it compared everything: a dry run, which changes nothing.
    ///
    /// - Returns: Nil before both first lists have been told, as ``sync()`` has it: nothing would be done.
    /// - Throws: `IPVSError` or ``AddressError`` where the kernel can't be asked.
    public func plan() async throws -> SyncPlan? {
        guard isSynced else { return nil }
        return try await takingTurns {
            var state = state
            state.node.addresses = try await node.nodeAddresses()
            state.apply()
            var plan = try await node.plan(state)
            for index in plan.failures.indices { plan.failures[index].nameServicePort(by: state) }
            return plan
        }
    }

    /// Removes all that is the proxier's own, and nothing else: virtual servers, addresses, the interface if nobody else has
    /// bound an address to it, and changes of the kernel's settings that nobody has changed since.
    ///
    /// It needs not have synced before, nor to be told of any service. A sync that comes after it makes all of it anew.
    /// - Throws: `IPVSError` or ``AddressError`` where it broke off.
    @discardableResult
    public func cleanup() async throws -> CleanupReport {
        try await takingTurns { try await node.cleanUp() }
    }

    private func log(_ report: SyncReport) {
        if !report.takenOver.isEmpty {
            logger.notice("virtual servers taken over that another proxy has left: \(report.takenOver.count)")
            for id in report.takenOver { logger.debug("took over \(id)") }
        }
        let level: Logger.Level = report.changes + report.bound + report.unbound + report.drained > 0 ? .info : .debug
        logger.log(level: level, "\(report.kind == .full ? "full sync" : "sync of changes")", metadata: report.metadata)
        for failure in report.failures { logger.error("\(failure)") }
        guard let settings = report.settings else { return }
        for change in settings.changes {
            logger.info("set \(change.name) to \(change.after), which was \(change.before)")
        }
        // Each full sync finds them so again.
        let trouble = settings.trouble
        guard trouble != toldTrouble else { return }
        toldTrouble = trouble
        for name in trouble.missing { logger.warning("this kernel has no \(name)") }
        for failure in trouble.failures { logger.error("\(failure)") }
    }
}

// MARK: - In a loop

extension Proxier: Service {
    /// Syncs whenever it is due, until the task is cancelled or shut down gracefully; a sync that is under way then is
    /// waited for. What is in the kernel stays: traffic goes on.
    ///
    /// It can be run again after the task was cancelled, but not twice at a time.
    public func run() async throws { await syncLoop() }

    /// Syncs whenever it is due: when something changed, when real servers may have been drained, when a failure is to be
    /// tried again, and once in a period; never sooner after another than the configuration has it. Ends as ``run()`` does.
    ///
    /// A sync that breaks off is told in the log, and tried again.
    public func syncLoop() async {
        await withGracefulShutdownHandler {
            await runner.loop { await syncAndPlanNext() }
        } onGracefulShutdown: {
            self.runner.stop()
        }
    }

    private func syncAndPlanNext() async {
        do {
            guard let report = try await sync() else { return }
            if report.isComplete { retryDelay = nil } else { retryLater() }
            if report.draining > 0 { runner.retry(after: configuration.drainInterval) }
        } catch {
            logger.error("the sync broke off: \(error)")
            retryLater()
        }
    }

    /// Asks for another sync, a longer time from now with each failure in a row.
    private func retryLater() {
        let delay = min(retryDelay.map { $0 * 2 } ?? .seconds(1), configuration.syncPeriod)
        retryDelay = delay
        runner.retry(after: delay)
    }
}

extension SyncReport {
    fileprivate mutating func nameServicePorts(by state: DesiredState) {
        for index in failures.indices { failures[index].nameServicePort(by: state) }
    }

    fileprivate var metadata: Logger.Metadata {
        [
            "changes": "\(changes)", "bound": "\(bound)", "unbound": "\(unbound)", "drained": "\(drained)",
            "draining": "\(draining)", "failed": "\(failures.count)",
        ]
    }
}

extension SyncFailure {
    fileprivate mutating func nameServicePort(by state: DesiredState) {
        servicePort = virtualServer.flatMap { state.servicePort(of: $0) }
    }
}
