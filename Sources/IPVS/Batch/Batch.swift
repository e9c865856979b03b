extension Handle {
    /// A sequence of changes: virtual and real servers to add, update and delete.
    ///
    /// A handle sends hundreds of changes with one system call, which is many times faster than one call for each. A batch is
    /// not a transaction: each change succeeds or fails on its own. If the changes need not be kept, a ``Stream`` does the
    /// same without the memory for them.
    ///
    ///     var batch = Handle.Batch()
    ///     batch.add(web)
    ///     for real in realServers { batch.add(real, to: web.id) }
    ///     let outcome = try handle.perform(batch)
    ///     for failure in outcome.failures { print(failure.error) }
    public struct Batch: Hashable, Sendable {
        private(set) var requests: [Request] = []

        /// Creates an empty batch.
        public init() {}

        /// Creates a batch of requests, each of which changes a virtual or a real server.
        init(requests: [Request]) { self.requests = requests }

        /// The number of changes.
        public var count: Int { requests.count }

        /// Whether the batch has no changes.
        public var isEmpty: Bool { requests.isEmpty }

        /// Reserves capacity for a number of changes.
        public mutating func reserveCapacity(_ count: Int) { requests.reserveCapacity(count) }

        /// Adds a virtual server, as ``Handle/add(_:)`` does.
        public mutating func add(_ server: VirtualServer) { requests.append(.addVirtualServer(server)) }

        /// Updates a virtual server, as ``Handle/update(_:)`` does.
        public mutating func update(_ server: VirtualServer) { requests.append(.updateVirtualServer(server)) }

        /// Deletes a virtual server with its real servers, as ``Handle/delete(_:)`` does.
        public mutating func delete(_ id: VirtualServer.Identity) { requests.append(.deleteVirtualServer(id)) }

        /// Adds a real server, as ``Handle/add(_:to:)`` does.
        public mutating func add(_ server: RealServer, to id: VirtualServer.Identity) {
            requests.append(.addRealServer(server, id))
        }

        /// Updates a real server, as ``Handle/update(_:of:)`` does.
        public mutating func update(_ server: RealServer, of id: VirtualServer.Identity) {
            requests.append(.updateRealServer(server, id))
        }

        /// Deletes a real server, as ``Handle/delete(_:from:)`` does.
        public mutating func delete(_ endpoint: Endpoint, from id: VirtualServer.Identity) {
            requests.append(.deleteRealServer(endpoint, id))
        }
    }
}

extension Handle.Batch {
    /// The result of a batch.
    public struct Outcome: Hashable, Sendable {
        /// The number of changes that succeeded.
        public let succeeded: Int

        /// The changes that failed, in order. For those with ``IPVSError/Code/answerLost``, it is unknown whether they took
        /// effect.
        public let failures: [Failure]
    }

    /// A change that failed.
    public struct Failure: Hashable, Sendable {
        /// The index of the change in the batch.
        public let index: Int

        /// The error of the change.
        public let error: IPVSError
    }
}
