extension Table.Entry {
    /// A virtual server with its real servers as the kernel holds them, and what it counted for each.
    public struct Status: Hashable, Sendable, Codable {
        /// The virtual server.
        public var virtualServer: VirtualServer.Status

        /// Its real servers, in no particular order.
        public var realServers: [RealServer.Status]

        /// A status from its parts, as the kernel would tell it.
        public init(virtualServer: VirtualServer.Status, realServers: [RealServer.Status]) {
            self.virtualServer = virtualServer
            self.realServers = realServers
        }
    }
}

/// The virtual servers of a network namespace with their real servers and all counters, read one virtual server at a
/// time; see ``Handle/tableStatuses()``.
public struct TableStatuses: ~Copyable, Sendable {
    private let handle: Handle
    private var rest: ArraySlice<VirtualServer.Status>

    fileprivate init(_ handle: Handle, _ servers: [VirtualServer.Status]) {
        self.handle = handle
        rest = servers[...]
    }

    /// The next virtual server with its real servers, or nil at the end. One that has been deleted meanwhile is left out.
    ///
    /// - Throws: ``IPVSError`` if its real servers can't be listed; the next call goes on with the virtual server after it.
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
    /// All virtual servers with their real servers and counters, for exporters and live views.
    ///
    /// The virtual servers are listed at once, the real servers of each when it is its turn; so most of the table never is
    /// in memory, and other calls of the handle come in between.
    ///
    ///     var statuses = try handle.tableStatuses()
    ///     while let status = try statuses.next() {
    ///         export(status.virtualServer.server.id, status.virtualServer.statistics)
    ///     }
    ///
    /// - Returns: What reads them, in no particular order.
    public func tableStatuses() throws(IPVSError) -> TableStatuses {
        TableStatuses(self, try virtualServers())
    }
}
