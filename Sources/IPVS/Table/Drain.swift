extension Handle {
    /// Takes real servers out of service gracefully: sets their weights to 0, so that they get no new connections, and
    /// deletes each when its connections have ended or the timeout has expired.
    ///
    /// All targets are drained at the same time, with one dump for each virtual server and interval. Inactive connections
    /// count as well, such as a TCP connection that was closed recently.
    ///
    /// - Parameters:
    ///   - targets: The real servers.
    ///   - timeout: How long to wait for connections to end. Real servers that have some after that are deleted with them.
    ///   - interval: How long to wait between two checks.
    ///   - cancellation: What happens to the weights if the task is cancelled. Nothing more is deleted then.
    ///   - clock: The clock for timeout and interval.
    /// - Returns: The outcome for each target, in order.
    /// - Throws: `CancellationError` if the task is cancelled; if that was before the call, nothing is changed. ``IPVSError``
    ///   if the real servers can't be listed. The weights are then as `cancellation` says.
    public func drain(
        _ targets: [Drain.Target],
        timeout: Duration,
        interval: Duration = .seconds(1),
        onCancellation cancellation: Drain.Cancellation = .restoreWeights,
        clock: some Clock<Duration> = ContinuousClock()
    ) async throws -> [Drain.Outcome] {
        try Task.checkCancellation()
        var run = DrainRun(handle: self, targets: targets)
        do {
            try run.begin()
            let deadline = clock.now.advanced(by: timeout)
            while true {
                try Task.checkCancellation()
                let isOver = clock.now >= deadline
                try run.look(deletingAll: isOver)
                if run.isDone { return run.outcomes }
                try await clock.sleep(until: min(deadline, clock.now.advanced(by: interval)), tolerance: nil)
            }
        } catch {
            if cancellation == .restoreWeights { run.restoreWeights() }
            throw error
        }
    }
}

/// A namespace for the types of ``Handle/drain(_:timeout:interval:onCancellation:clock:)``.
public enum Drain {
    /// A real server to drain.
    public struct Target: Hashable, Sendable {
        /// The virtual server that it belongs to.
        public var virtualServer: VirtualServer.Identity

        /// The real server's endpoint.
        public var endpoint: Endpoint

        /// Creates a target: the real server of a virtual server at an endpoint.
        public init(_ endpoint: Endpoint, of virtualServer: VirtualServer.Identity) {
            self.virtualServer = virtualServer
            self.endpoint = endpoint
        }
    }

    /// What happens to the weights when a drain is cancelled.
    public enum Cancellation: Hashable, Sendable {
        /// Each remaining real server whose weight is still 0 gets its former weight.
        case restoreWeights
        /// They remain 0, so that a later drain can continue.
        case keepDraining
    }

    /// The outcome for a real server.
    public enum Outcome: Hashable, Sendable {
        /// Its connections ended, and it was deleted.
        case drained
        /// The timeout expired, and it was deleted with this number of connections.
        case timedOut(connections: UInt64)
        /// It did not exist, or another program deleted it.
        case notFound
        /// It could not be drained or deleted.
        case failed(IPVSError)
    }
}

/// Real servers that are being drained.
private struct DrainRun {
    let handle: Handle
    let targets: [Drain.Target]

    /// The outcome for each target; nil while it is draining.
    private var settled: [Drain.Outcome?]

    /// The real servers before their weights were set to 0, by the positions of the targets.
    private var originals: [Int: RealServer] = [:]

    init(handle: Handle, targets: [Drain.Target]) {
        self.handle = handle
        self.targets = targets
        settled = Array(repeating: nil, count: targets.count)
    }

    var isDone: Bool { settled.allSatisfy { $0 != nil } }

    /// The outcome for each target, in order.
    var outcomes: [Drain.Outcome] { settled.compactMap { $0 } }

    /// Sets all weights to 0.
    mutating func begin() throws(IPVSError) {
        let status = try list()
        var changes: [(index: Int, server: RealServer)] = []
        for (index, target) in targets.enumerated() {
            guard let server = status[target]?.server else {
                settled[index] = .notFound
                continue
            }
            originals[index] = server
            if server.weight != 0 { changes.append((index, server)) }
        }
        var batch = Handle.Batch()
        for (index, server) in changes {
            var idle = server
            idle.weight = 0
            batch.update(idle, of: targets[index].virtualServer)
        }
        for failure in try handle.perform(batch).failures { fail(changes[failure.index].index, failure.error) }
    }

    /// Deletes the real servers that have no connections, or all.
    mutating func look(deletingAll: Bool) throws(IPVSError) {
        let status = try list()
        var deletions: [(index: Int, connections: UInt64)] = []
        var batch = Handle.Batch()
        for (index, target) in targets.enumerated() where settled[index] == nil {
            guard let server = status[target] else {
                settled[index] = .notFound
                continue
            }
            let connections = UInt64(server.activeConnections) + UInt64(server.inactiveConnections)
            guard connections == 0 || deletingAll else { continue }
            deletions.append((index, connections))
            batch.delete(target.endpoint, from: target.virtualServer)
        }
        let outcome = try handle.perform(batch)
        for (index, connections) in deletions {
            settled[index] = connections == 0 ? .drained : .timedOut(connections: connections)
        }
        for failure in outcome.failures { fail(deletions[failure.index].index, failure.error) }
    }

    /// Restores the weights of the remaining real servers, unless another program has changed them.
    func restoreWeights() {
        // A failure here is not reported: the caller gets the error that ended the drain.
        guard let status = try? list() else { return }
        var batch = Handle.Batch()
        for (index, target) in targets.enumerated() where settled[index] == nil {
            guard let original = originals[index], original.weight != 0,
                var server = status[target]?.server, server.weight == 0
            else { continue }
            server.weight = original.weight
            batch.update(server, of: target.virtualServer)
        }
        _ = try? handle.perform(batch)
    }

    private mutating func fail(_ index: Int, _ error: IPVSError) {
        switch error.code {
        case .virtualServerNotFound, .realServerNotFound: settled[index] = .notFound
        default: settled[index] = .failed(error)
        }
    }

    /// The targets that exist, with one dump for each virtual server that is still draining.
    private func list() throws(IPVSError) -> [Drain.Target: RealServer.Status] {
        var found: [Drain.Target: RealServer.Status] = [:]
        let waiting = targets.indices.filter { settled[$0] == nil }
        for id in Set(waiting.map { targets[$0].virtualServer }) {
            do throws(IPVSError) {
                for status in try handle.realServers(of: id) {
                    found[Drain.Target(status.server.endpoint, of: id)] = status
                }
            } catch {
                guard error.code == .virtualServerNotFound else { throw error }
            }
        }
        return found
    }
}
