extension Handle {
    /// Takes real servers out of service without cutting off their clients: each gets a weight of 0, and is deleted when
    /// it has no connections left, or when the time is over.
    ///
    /// All of them are watched together, by one list for each virtual server and interval. Connections are those that are
    /// active and those that are not, such as a TCP connection some time after its end.
    /// - Parameters:
    ///   - targets: The real servers; one that is not there is told in the result.
    ///   - timeout: How long connections may last; what is left then is deleted with its connections.
    ///   - interval: How long to wait between two looks.
    ///   - cancellation: What becomes of the weights if the task is cancelled. Nothing more is deleted then.
    ///   - clock: What measures the time.
    /// - Returns: What became of each target, in their order.
    /// - Throws: `CancellationError` if the task is cancelled, and ``IPVSError`` if the real servers can't be listed; the
    ///   weights are then as `cancellation` says.
    public func drain(
        _ targets: [Drain.Target],
        timeout: Duration,
        interval: Duration = .seconds(1),
        onCancellation cancellation: Drain.Cancellation = .restoreWeights,
        clock: some Clock<Duration> = ContinuousClock()
    ) async throws -> [Drain.Outcome] {
        // A task may have been cancelled before it came here: then nothing is changed.
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

/// Taking real servers out of service without cutting off their clients; see ``Handle/drain(_:timeout:interval:onCancellation:clock:)``.
public enum Drain {
    /// A real server that is to be drained.
    public struct Target: Hashable, Sendable {
        /// The virtual server that it belongs to.
        public var virtualServer: VirtualServer.Identity

        /// Where it is reached.
        public var endpoint: Endpoint

        /// The real server of a virtual server at an endpoint.
        public init(_ endpoint: Endpoint, of virtualServer: VirtualServer.Identity) {
            self.virtualServer = virtualServer
            self.endpoint = endpoint
        }
    }

    /// What becomes of the weights when a drain is cancelled.
    public enum Cancellation: Hashable, Sendable {
        /// Each real server that is still there and still has a weight of 0 gets the one that it had.
        case restoreWeights
        /// They stay 0, so that a later drain can go on.
        case keepDraining
    }

    /// What became of a real server that was to be drained.
    public enum Outcome: Hashable, Sendable {
        /// It had no connections left, and was deleted.
        case drained
        /// The time was over, and it was deleted with so many connections.
        case timedOut(connections: UInt64)
        /// It was not there, or somebody else has deleted it.
        case notFound
        /// It could not be drained or deleted.
        case failed(IPVSError)
    }
}

/// Real servers that are being drained.
private struct DrainRun {
    let handle: Handle
    let targets: [Drain.Target]

    /// What became of each target; nil while it is being drained.
    private var settled: [Drain.Outcome?]

    /// The real servers as they were, but for a weight of 0 by then.
    private var originals: [Int: RealServer] = [:]

    init(handle: Handle, targets: [Drain.Target]) {
        self.handle = handle
        self.targets = targets
        settled = Array(repeating: nil, count: targets.count)
    }

    var isDone: Bool { settled.allSatisfy { $0 != nil } }

    /// What became of each target, in their order.
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

    /// Deletes those that have no connections, or all.
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

    /// Gives those that are left the weights that they had, unless somebody has given them others.
    func restoreWeights() {
        // What fails in here can't be told: the drain's own error is the one that counts.
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

    /// The targets that are there, by one list for each virtual server that still matters.
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
