import Netlink

extension Handle.Batch {
    /// Sends changes while they are added, many with one system call, and keeps none of them.
    ///
    /// It is what ``Handle/perform(_:)-((Handle.Batch.Stream)->Void)`` passes to its closure.
    public struct Stream: ~Copyable {
        private let handle: Handle

        /// Changes that have not been sent yet.
        private var buffer: RequestBuffer

        /// The indexes of those changes.
        private var pending: [Int] = []

        /// The number of answers that fit into the socket's receive buffer.
        private let limit: Int

        /// The number of changes so far.
        private var count = 0

        private var failures: [Failure] = []

        /// Whether anything has been sent.
        private var hasBegun = false

        /// The failure after which nothing more is sent.
        private var obstacle: Obstacle?

        private enum Obstacle {
            /// Nothing had been sent before.
            case initial(IPVSError)
            /// Something had been sent before.
            case later(NetlinkConnection.Failure)
        }

        fileprivate init(_ handle: Handle) {
            self.handle = handle
            buffer = handle.connection.withLock { $0.takeBuffer() }
            limit = handle.connection.withLock { $0.channel?.answerCapacity ?? 1 }
            pending.reserveCapacity(512)
        }
    }
}

extension Handle.Batch.Stream {
    /// Adds a virtual server, as ``Handle/add(_:)`` does.
    public mutating func add(_ server: VirtualServer) { send(Request.addVirtualServer(server)) }

    /// Updates a virtual server, as ``Handle/update(_:)`` does.
    public mutating func update(_ server: VirtualServer) { send(Request.updateVirtualServer(server)) }

    /// Deletes a virtual server with its real servers, as ``Handle/delete(_:)`` does.
    public mutating func delete(_ id: VirtualServer.Identity) { send(Request.deleteVirtualServer(id)) }

    /// Adds a real server, as ``Handle/add(_:to:)`` does.
    public mutating func add(_ server: RealServer, to id: VirtualServer.Identity) {
        send(RealServerRequest(kind: .add, server: server, id: id))
    }

    /// Updates a real server, as ``Handle/update(_:of:)`` does.
    public mutating func update(_ server: RealServer, of id: VirtualServer.Identity) {
        send(RealServerRequest(kind: .update, server: server, id: id))
    }

    /// Deletes a real server, as ``Handle/delete(_:from:)`` does.
    public mutating func delete(_ endpoint: Endpoint, from id: VirtualServer.Identity) {
        send(Request.deleteRealServer(endpoint, id))
    }

    /// Adds a change of a batch or a plan.
    mutating func make(_ request: Request) {
        switch request {
        case .addRealServer(let server, let id): add(server, to: id)
        case .updateRealServer(let server, let id): update(server, of: id)
        default: send(request)
        }
    }
}

extension Handle.Batch.Stream {
    private mutating func send(_ change: some EncodableRequest) {
        defer { count += 1 }
        do throws(InvalidValue) {
            try change.validate()
        } catch {
            return fail(count, IPVSError(change.request, error))
        }
        if obstacle == nil, append(change) { return }
        if obstacle == nil { flush() }
        switch obstacle {
        case nil where append(change): break
        case nil: fail(count, IPVSError(change.request, .outOfMemory))
        case .later(let failure): fail(count, IPVSError(change.request, failure))
        case .initial: break
        }
    }

    /// Appends a change to the pending ones; returns false if there is no room.
    private mutating func append(_ change: some EncodableRequest) -> Bool {
        guard pending.count < limit, buffer.append(change) else { return false }
        pending.append(count)
        return true
    }

    private mutating func fail(_ index: Int, _ error: IPVSError) {
        failures.append(Handle.Batch.Failure(index: index, error: error))
    }

    /// Sends the pending changes.
    private mutating func flush() {
        guard !pending.isEmpty else { return }
        do throws(NetlinkConnection.Failure) {
            let failed = try handle.connection.withLock { (connection) throws(NetlinkConnection.Failure) in
                try connection.sendBatch(&buffer)
            }
            hasBegun = true
            if !failed.isEmpty { note(Dictionary(failed.map { ($0.place, $0.reason) }, uniquingKeysWith: { $1 })) }
        } catch {
            if hasBegun {
                obstacle = .later(error)
                note(Dictionary(uniqueKeysWithValues: pending.indices.map { ($0, error) }))
            } else if let first = firstPending {
                obstacle = .initial(IPVSError(first, error))
            }
        }
        buffer.removeAll()
        pending.removeAll(keepingCapacity: true)
    }

    /// Records which of the pending changes failed, by their positions.
    private mutating func note(_ reasons: [Int: NetlinkConnection.Failure]) {
        var failed: [Handle.Batch.Failure] = []
        buffer.forEach { place, command, attributes in
            guard let reason = reasons[place] else { return }
            let request = Request(command: command, decodingSent: attributes)
            failed.append(Handle.Batch.Failure(index: pending[place], error: IPVSError(request, reason)))
        }
        failures += failed
    }

    /// The first pending change.
    private var firstPending: Request? {
        var first: Request?
        buffer.forEach { place, command, attributes in
            if place == 0 { first = Request(command: command, decodingSent: attributes) }
        }
        return first
    }

    /// Sends the rest, and returns the result of all.
    fileprivate mutating func finish() throws(IPVSError) -> Handle.Batch.Outcome {
        flush()
        handle.connection.withLock { $0.giveBack(&buffer) }
        if case .initial(let error) = obstacle { throw error }
        return Handle.Batch.Outcome(
            succeeded: count - failures.count,
            failures: failures.sorted { $0.index < $1.index }
        )
    }
}

extension Handle {
    /// Makes the changes of a batch, in order. A change that fails doesn't stop the others.
    ///
    /// - Returns: The changes that failed, each with its error.
    /// - Throws: ``IPVSError`` if the first system call fails, so that no change was made; for example with
    ///   ``IPVSError/Code/handleClosed`` or ``IPVSError/Code/ipvsUnavailable``.
    public func perform(_ batch: Handle.Batch) throws(IPVSError) -> Handle.Batch.Outcome {
        try perform { changes in
            for request in batch.requests { changes.make(request) }
        }
    }

    /// Makes the changes that a closure adds, in order, while it runs. They are sent when there are enough of them for a
    /// system call, and when the closure returns; none is kept in memory.
    ///
    ///     let outcome = try handle.perform { changes in
    ///         changes.add(web)
    ///         for real in realServers { changes.add(real, to: web.id) }
    ///     }
    ///
    /// - Returns: The changes that failed, each with its error.
    /// - Throws: ``IPVSError``, as ``perform(_:)-(Handle.Batch)`` does.
    public func perform(_ body: (inout Handle.Batch.Stream) -> Void) throws(IPVSError) -> Handle.Batch.Outcome {
        var stream = Handle.Batch.Stream(self)
        body(&stream)
        return try stream.finish()
    }
}
