extension Table.Entry {
    /// A virtual server with its real servers, and the kernel's counters for each.
    public struct Status: Hashable, Sendable, Codable {
        /// The virtual server.
        public var virtualServer: VirtualServer.Status

        /// The real servers, in no particular order.
        public var realServers: [RealServer.Status]

        /// Creates a status from its parts.
        public init(virtualServer: VirtualServer.Status, realServers: [RealServer.Status]) {
            self.virtualServer = virtualServer
            self.realServers = realServers
        }
    }
}

/// Reads the virtual servers of a network namespace with their real servers and all counters, one virtual server at a time;
/// see ``Handle/tableStatuses()``.
public struct TableStatuses: ~Copyable, Sendable {
    private let handle: Handle
    private var rest: ArraySlice<VirtualServer.Status>

    fileprivate init(_ handle: Handle, _ servers: [VirtualServer.Status]) {
        self.handle = handle
        rest = servers[...]
    }

    /// Returns the next virtual server with its real servers, or nil at the end. One that was deleted meanwhile is skipped.
    ///
    /// - Throws: ``IPVSError`` if its real servers can't be listed. The next call continues with the next virtual server.
    public mutating func next() throws(IPVSError) -> Table.Entry.Status? {
        while let server = rest.popFirst() {
            do {
                let realServers = try handle.realServers(of: server.server.id)
                return Table.Entry.Status(virtualServer: server, realServers: realServers)
            } catch let error where error.code == .virtualServerNotFound {
                continue
            }
        }
        return nil
    }
}

extension Handle {
    /// Reads all virtual servers with their real servers and counters, for exporters and live views.
    ///
    /// The virtual servers are listed first, and the real servers of each when it is reached. So most of the table is never in
    /// memory, and other calls of the handle can run in between.
    ///
    ///     var statuses = try handle.tableStatuses()
    ///     while let status = try statuses.next() {
    ///         export(status.virtualServer.server.id, status.virtualServer.statistics)
    ///     }
    ///
    /// - Returns: An iterator over the statuses, in no particular order.
    /// - Throws: ``IPVSError`` as ``virtualServers()`` does.
    public func tableStatuses() throws(IPVSError) -> TableStatuses {
        TableStatuses(self, try virtualServers())
    }
}
