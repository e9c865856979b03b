extension Proxier {
    /// Makes the kernel's table and the addresses what they should be. The first sync, one in each period, and one after a sync
    /// that broke off compare everything. Others look only at what has changed since, or failed before.
    ///
    /// It can be called at any time; ``run()`` calls it when it is due.
    ///
    /// - Returns: What was done, and what failed; nil before both first lists are complete, when nothing is changed.
    /// - Throws: `IPVSError` or `AddressError` where the sync broke off. The next one compares everything. `AddressError` with
    ///   `inUse` if another proxier uses the interface.
    @discardableResult
    public func sync() async throws -> SyncReport? {
        guard isSynced else { return nil }
        return try await takingTurns {
            try await withLock(timeout: configuration.lockTimeout) { try await syncNow() }
        }
    }

    private func syncNow() async throws -> SyncReport {
        let begin = now()
        do {
            let isDue = await node.isFullSyncDue
            if isDue {
                state.node.addresses = try await node.nodeAddresses()
                log(state.node.unservedBlocks)
            }
            return try await syncPendingChanges(since: begin, isDue: isDue)
        } catch {
            // The changes are still waiting, and so is this sync itself if there are none.
            health.started(at: begin)
            metrics.failed()
            throw error
        }
    }

    private func syncPendingChanges(since begin: Instant, isDue: Bool) async throws -> SyncReport {
        health.started(at: begin)
        let (queued, triggers) = (waitingSince, triggers)
        (waitingSince, self.triggers) = (nil, [])
        logPendingChanges()
        let update = state.commit()
        metrics.tookChanges()
        log(update.rejections)
        if isDue { logUnknownPods() }
        var report: SyncReport
        do {
            report = try await node.sync(update, state, isDue: isDue)
        } catch {
            waitingSince = queued ?? waitingSince
            self.triggers.insert(contentsOf: triggers, at: 0)
            throw error
        }
        report.nameServicePorts(by: state)
        healthCheckFeed.publish(state.healthChecks)
        troubleFeed.publish(ServiceTrouble.all(state.rejections, report.failures))
        let end = now()
        health.finished(at: end)
        metrics.synced(
            report,
            state,
            took: begin.duration(to: end),
            sinceTriggers: triggers.map { $0.duration(to: end) }
        )
        log(report)
        return report
    }

    /// What the next sync would do if it compared everything: a dry run, which changes nothing.
    ///
    /// - Returns: The plan; nil before both first lists are complete, when ``sync()`` does nothing either.
    /// - Throws: `IPVSError` or `AddressError` where the kernel can't be read.
    public func plan() async throws -> SyncPlan? {
        guard isSynced else { return nil }
        return try await takingTurns {
            var state = state
            state.node.addresses = try await node.nodeAddresses()
            state.commit()
            var plan = try await node.plan(state)
            for index in plan.failures.indices { plan.failures[index].nameServicePort(by: state) }
            return plan
        }
    }

    /// Removes everything that is the proxier's own, and nothing else: virtual servers, addresses, the interface if nobody else
    /// has bound an address to it, and changes of kernel settings that nobody has changed since.
    ///
    /// It requires no sync and no report before it. A sync that follows makes everything again.
    ///
    /// - Throws: `IPVSError` or `AddressError` where it broke off. `AddressError` with `inUse` if another proxier uses the
    ///   interface.
    @discardableResult
    public func cleanup() async throws -> CleanupReport {
        try await takingTurns {
            let report = try await withLock(timeout: configuration.lockTimeout) { try await node.cleanUp() }
            healthCheckFeed.publish([])
            return report
        }
    }
}

extension SyncReport {
    fileprivate mutating func nameServicePorts(by state: DesiredState) {
        for index in failures.indices { failures[index].nameServicePort(by: state) }
    }
}

extension SyncFailure {
    fileprivate mutating func nameServicePort(by state: DesiredState) {
        servicePort = virtualServer.flatMap { state.servicePort(of: $0) }
    }
}
