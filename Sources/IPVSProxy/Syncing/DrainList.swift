import IPVS

/// The draining real servers: they keep their connections and get no new ones, until they have none left or their time is
/// up.
struct DrainList: Hashable {
    typealias Instant = ContinuousClock.Instant

    /// A draining real server.
    struct Draining: Hashable {
        /// The real server as it is meanwhile, with a weight of 0.
        let server: RealServer

        /// When it is deleted together with its connections.
        let deadline: Instant
    }

    private var drains: [VirtualServer.Identity: [Endpoint: Draining]] = [:]

    var isEmpty: Bool { drains.isEmpty }

    /// How many real servers are draining.
    var count: Int { drains.values.reduce(0) { $0 + $1.count } }

    /// The virtual servers that they belong to.
    var virtualServers: [VirtualServer.Identity] { drains.keys.sorted() }

    /// Those of a virtual server.
    subscript(id: VirtualServer.Identity) -> [Endpoint: Draining] { drains[id] ?? [:] }

    /// A desired table extended by the draining real servers as they are meanwhile.
    func extending(_ table: Table) -> Table {
        var table = table
        for (id, draining) in drains {
            guard var entry = table.remove(id) else { continue }
            for real in draining.values.map(\.server) where entry[real.endpoint] == nil { entry.replace(real) }
            table.replace(entry)
        }
        return table
    }

    /// Takes in the real servers that a virtual server has and no longer should have. One that it should have again, or that
    /// is gone, is no longer draining.
    ///
    /// Real servers of protocols without connections have nothing to wait for.
    ///
    /// - Returns: The virtual server as it should be meanwhile.
    mutating func hold(
        _ desired: Table.Entry,
        of current: Table.Entry?,
        until deadline: Instant
    ) -> Table.Entry {
        let id = desired.server.id
        var held: [Endpoint: Draining] = [:]
        var entry = desired
        for real in id.hasConnections ? current?.realServers ?? [] : [] where desired[real.endpoint] == nil {
            var idle = real
            idle.weight = 0
            held[real.endpoint] = Draining(server: idle, deadline: self[id][real.endpoint]?.deadline ?? deadline)
            entry.replace(idle)
        }
        drains[id] = held.isEmpty ? nil : held
        return entry
    }

    /// Forgets those that a table has again, and those of virtual servers that it doesn't have.
    mutating func settle(with table: Table) {
        for (id, draining) in drains {
            let entry = table[id]
            let left = draining.filter { entry != nil && entry?[$0.key] == nil }
            drains[id] = left.isEmpty ? nil : left
        }
    }

    /// Forgets all real servers of a virtual server.
    mutating func forget(_ id: VirtualServer.Identity) { drains[id] = nil }

    /// Forgets a real server.
    mutating func forget(_ endpoint: Endpoint, of id: VirtualServer.Identity) {
        drains[id]?[endpoint] = nil
        if drains[id]?.isEmpty == true { drains[id] = nil }
    }
}

extension VirtualServer.Identity {
    /// Whether its clients have connections that end. For UDP and firewall marks the kernel keeps entries of clients too, but
    /// another real server cuts nothing off there.
    fileprivate var hasConnections: Bool {
        switch self {
        case .endpoint(let transport, _): transport != .udp
        case .firewallMark: false
        }
    }
}
