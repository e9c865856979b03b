public import ServiceLifecycle

extension Proxier: Service {
    /// Syncs whenever it is due, until the task is cancelled or shut down gracefully. A sync in progress is completed first. The
    /// kernel's table stays, so traffic goes on.
    ///
    /// A sync is due when something has changed, when draining real servers are to be looked at, when failures are to be
    /// retried, and once in a sync period; but never sooner after another one than the configuration allows. A sync that
    /// breaks off is logged, and retried if that can help.
    ///
    /// It can run again after the task was cancelled, but not twice at the same time.
    ///
    /// - Throws: `AddressError` with `inUse` if another proxier uses the interface, see ``lockInterface()``. The error of a sync
    ///   that is not worth retrying: `IPVSError` or `AddressError` with `permissionDenied` or `namespaceNotFound`, or
    ///   `AddressError` with `notADummy` or `notOwned`.
    public func run() async throws {
        try await withLock(timeout: .zero) {
            try await withGracefulShutdownHandler {
                try await runner.loop { try await syncAndScheduleNext() }
            } onGracefulShutdown: {
                self.runner.stop()
            }
        }
    }

    private func syncAndScheduleNext() async throws {
        do {
            guard let report = try await sync() else { return }
            if report.isComplete { retryDelay = nil } else { retryLater() }
            if report.draining > 0 { runner.retry(after: configuration.drainInterval) }
        } catch {
            log(brokenOff: error)
            if error.isPermanent { throw error }
            retryLater()
        }
    }

    /// Requests another sync, after a longer time with each failure in a row.
    private func retryLater() {
        let delay = min(retryDelay.map { $0 * 2 } ?? .seconds(1), configuration.syncPeriod)
        retryDelay = delay
        runner.retry(after: delay)
    }
}
