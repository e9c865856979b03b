public import IPVS

extension InMemoryKernel {
    /// There is no such server in the table.
    public enum UnknownServer: Error, Hashable, Sendable {
        /// There is no virtual server with this identity.
        case virtualServer(VirtualServer.Identity)

        /// The virtual server has no real server at this endpoint.
        case realServer(Endpoint, of: VirtualServer.Identity)
    }

    /// Sets the counters of a virtual server, as traffic would.
    ///
    /// - Parameters:
    ///   - statistics: The counters and rates.
    ///   - id: The virtual server.
    /// - Throws: ``UnknownServer``.
    public func setStatistics(
        _ statistics: Statistics,
        of id: VirtualServer.Identity
    ) throws(UnknownServer) {
        try withTable { (table) throws(UnknownServer) in
            let key = ServiceKey(id)
            guard table.services[key] != nil else { throw .virtualServer(id) }
            table.services[key]?.statistics = statistics
        }
    }

    /// Sets the counters of a real server, as traffic would.
    ///
    /// - Parameters:
    ///   - statistics: The counters and rates.
    ///   - endpoint: The real server.
    ///   - id: Its virtual server.
    /// - Throws: ``UnknownServer``.
    public func setStatistics(
        _ statistics: Statistics,
        of endpoint: Endpoint,
        in id: VirtualServer.Identity
    ) throws(UnknownServer) {
        try change(endpoint, id) { $0.statistics = statistics }
    }

    /// Sets the numbers of connections of a real server, as traffic would.
    ///
    /// - Parameters:
    ///   - active: The number of established connections.
    ///   - inactive: The number of all others.
    ///   - persistent: The number of clients that persistence ties to the real server.
    ///   - endpoint: The real server.
    ///   - id: Its virtual server.
    /// - Throws: ``UnknownServer``.
    public func setConnections(
        active: UInt32 = 0,
        inactive: UInt32 = 0,
        persistent: UInt32 = 0,
        of endpoint: Endpoint,
        in id: VirtualServer.Identity
    ) throws(UnknownServer) {
        try change(endpoint, id) { ($0.active, $0.inactive, $0.persistent) = (active, inactive, persistent) }
    }

    private func change(
        _ endpoint: Endpoint,
        _ id: VirtualServer.Identity,
        _ body: (inout Counters) -> Void
    ) throws(UnknownServer) {
        try withTable { (table) throws(UnknownServer) in
            let (service, real) = (ServiceKey(id), DestinationKey(endpoint))
            guard table.services[service] != nil else { throw .virtualServer(id) }
            guard var counters = table.services[service]?.realServers[real]?.counters else {
                throw .realServer(endpoint, of: id)
            }
            body(&counters)
            table.services[service]?.realServers[real]?.counters = counters
        }
    }
}
