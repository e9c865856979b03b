extension Handle {
    /// Changes to be made together: any mix of adding, updating and deleting virtual and real servers, in their order.
    ///
    /// A handle makes hundreds of changes with one system call, which is many times faster than one call for each. It is not
    /// a transaction: each change is made or fails by itself. Changes that need not be kept together are better made as a
    /// stream, with ``Handle/perform(_:)-((Batch.Stream)->Void)``.
    ///
    ///     var batch = Handle.Batch()
    ///     batch.add(web)
    ///     for real in realServers { batch.add(real, to: web.id) }
    ///     let outcome = try handle.perform(batch)
    ///     for failure in outcome.failures { print(failure.error) }
    public struct Batch: Hashable, Sendable {
        private(set) var requests: [Request] = []

        /// A batch without changes.
        public init() {}

        /// A batch of requests that each change a virtual or a real server.
        init(requests: [Request]) { self.requests = requests }

        /// How many changes it holds.
        public var count: Int { requests.count }

        /// Whether it holds none.
        public var isEmpty: Bool { requests.isEmpty }

        /// Makes room for so many changes at once.
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
