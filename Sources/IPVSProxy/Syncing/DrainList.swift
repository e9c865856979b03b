import IPVS

/// Real servers that are on their way out: they keep their connections and get no new ones, until they have none left or
/// their time is up.
struct DrainList: Hashable {
    typealias Instant = ContinuousClock.Instant

    struct Entry: Hashable {
        /// The real server as it is meanwhile, with a weight of 0.
        let server: RealServer

        /// When it goes with its connections.
        let deadline: Instant
    }

    private var entries: [VirtualServer.Identity: [Endpoint: Entry]] = [:]

    var isEmpty: Bool { entries.isEmpty }

    /// How many real servers are on their way out.
    var count: Int { entries.values.reduce(0) { $0 + $1.count } }

    /// The virtual servers that they belong to.
    var virtualServers: [VirtualServer.Identity] { entries.keys.sorted() }

    /// Those of a virtual server.
    subscript(id: VirtualServer.Identity) -> [Endpoint: Entry] { entries[id] ?? [:] }

    /// A table with those that are on their way out as they are meanwhile.
    func extending(_ table: Table) -> Table {
        var table = table
        for (id, entries) in entries {
            guard var service = table.remove(id) else { continue }
            for entry in entries.values where service[entry.server.endpoint] == nil { service.replace(entry.server) }
            table.replace(service)
        }
        return table
    }

    /// Takes in the real servers that a virtual server has and should not have any more. One that should be there again,
    /// or that has gone, is no longer on its way out.
    ///
    /// Real servers of protocols without connections have nothing to wait for.
    /// - Returns: The virtual server as it should be meanwhile.
    mutating func hold(
        _ desired: Table.Entry,
        of current: Table.Entry?,
        until deadline: Instant
    ) -> Table.Entry {
        let id = desired.server.id
        var held: [Endpoint: Entry] = [:]
        var service = desired
        for real in id.hasConnections ? current?.realServers ?? [] : [] where desired[real.endpoint] == nil {
            var idle = real
            idle.weight = 0
            held[real.endpoint] = Entry(server: idle, deadline: self[id][real.endpoint]?.deadline ?? deadline)
            service.replace(idle)
        }
        entries[id] = held.isEmpty ? nil : held
        return service
    }

    /// Forgets those that should be there again by a table, and those of virtual servers that it does not have.
    mutating func settle(with table: Table) {
        for (id, leaving) in entries {
            let service = table[id]
            let left = leaving.filter { service != nil && service?[$0.key] == nil }
            entries[id] = left.isEmpty ? nil : left
        }
    }

    /// Forgets all real servers of a virtual server.
    mutating func forget(_ id: VirtualServer.Identity) { entries[id] = nil }

    /// Forgets a real server.
    mutating func forget(_ endpoint: Endpoint, of id: VirtualServer.Identity) {
        entries[id]?[endpoint] = nil
        if entries[id]?.isEmpty == true { entries[id] = nil }
    }
}

extension VirtualServer.Identity {
    /// Whether its clients have connections that end. Of UDP and firewall marks the kernel remembers clients too, but
    /// those have nothing that a new real server could cut off.
    fileprivate var hasConnections: Bool {
        switch self {
        case .endpoint(let transport, _): transport != .udp
        case .firewallMark: false
        }
    }
}
