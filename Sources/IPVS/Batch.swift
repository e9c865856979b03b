/// Changes to be made together: any mix of adding, updating and deleting virtual and real servers, in their order.
///
/// A handle makes a batch in as few system calls as the kernel allows, which is many times faster than one call for
/// each change. It is not a transaction: each change is made or fails by itself.
///
///     var batch = Batch()
///     batch.add(web)
///     for real in realServers { batch.add(real, to: web.id) }
///     let outcome = try handle.perform(batch)
///     for failure in outcome.failures { print(failure.error) }
public struct Batch: Hashable, Sendable {
    private(set) var requests: [Request] = []

    /// A batch without changes.
    public init() {}

    /// How many changes it holds.
    public var count: Int { requests.count }

    /// Whether it holds none.
    public var isEmpty: Bool { requests.isEmpty }

    /// Makes room for so many changes at once.
    public mutating func reserveCapacity(_ count: Int) { requests.reserveCapacity(count) }

    /// Adds a virtual server, as ``Handle/add(_:)`` does.
    public mutating func add(_ server: VirtualServer) { requests.append(.addService(server)) }

    /// Updates a virtual server, as ``Handle/update(_:)`` does.
    public mutating func update(_ server: VirtualServer) { requests.append(.updateService(server)) }

    /// Deletes a virtual server with its real servers, as ``Handle/delete(_:)`` does.
    public mutating func delete(_ id: VirtualServer.Identity) { requests.append(.deleteService(id)) }

    /// Adds a real server, as ``Handle/add(_:to:)`` does.
    public mutating func add(_ server: RealServer, to id: VirtualServer.Identity) {
        requests.append(.addDestination(server, id))
    }

    /// Updates a real server, as ``Handle/update(_:of:)`` does.
    public mutating func update(_ server: RealServer, of id: VirtualServer.Identity) {
        requests.append(.updateDestination(server, id))
    }

    /// Deletes a real server, as ``Handle/delete(_:from:)`` does.
    public mutating func delete(_ endpoint: Endpoint, from id: VirtualServer.Identity) {
        requests.append(.deleteDestination(endpoint, id))
    }
}

extension Batch {
    /// What became of a batch.
    public struct Outcome: Hashable, Sendable {
        /// How many changes were made.
        public let succeeded: Int

        /// The changes that were not made, in their order; and with ``IPVSError/Code/answerLost`` those that may have
        /// been.
        public let failures: [Failure]
    }

    /// A change that was not made.
    public struct Failure: Hashable, Sendable {
        /// Which one of the batch it is, counted from 0.
        public let index: Int

        /// What went wrong.
        public let error: IPVSError
    }
}

extension Handle {
    /// Makes the changes of a batch, in their order. One that fails does not keep the others from being made.
    ///
    /// - Returns: Which changes failed, each with its own error; none if all were made.
    /// - Throws: ``IPVSError`` only if nothing was begun: with ``IPVSError/Code/handleClosed`` or
    ///   ``IPVSError/Code/ipvsUnavailable``.
    public func perform(_ batch: Batch) throws(IPVSError) -> Batch.Outcome {
        let requests = batch.requests
        guard let first = requests.first else { return Batch.Outcome(succeeded: 0, failures: []) }
        let failures = try perform(requests, named: first).map { failure in
            let request = requests[failure.index]
            let error =
                switch failure.reason {
                case .invalid(let value): IPVSError(request, value)
                case .failed(let reason): IPVSError(request, reason)
                }
            return Batch.Failure(index: failure.index, error: error)
        }
        return Batch.Outcome(
            succeeded: requests.count - failures.count,
            failures: failures.sorted { $0.index < $1.index }
        )
    }
}
