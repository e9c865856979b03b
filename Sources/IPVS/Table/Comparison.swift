/// What a table has that another one wants otherwise, found service by service, so that the first need not be held.
package struct Comparison {
    private let desired: Table

    /// Which services of the desired table there were, by their places.
    private var seen: [Bool]

    /// Services that are to be otherwise, as they are now, by the places of those that should be.
    private var differing: [Int: Table.Entry] = [:]

    /// Services that should not be there.
    package private(set) var obsolete = Table()

    /// How many virtual and real servers there are, less those that should not be there with their virtual server.
    private(set) var lasting = 0

    /// Compares with a table; nothing is there yet.
    package init(with desired: Table) {
        self.desired = desired
        seen = Array(repeating: false, count: desired.count)
    }

    /// Compares a service that is there, whose real servers can be in any order.
    ///
    /// - Throws: ``Table/Conflict`` if it was there before, or has two real servers at one endpoint.
    package mutating func compare(_ server: VirtualServer, _ realServers: [RealServer]) throws(Table.Conflict) {
        guard let place = desired.place(of: server.id) else {
            return try obsolete.insert(try Table.Entry(server, realServers: realServers))
        }
        guard !seen[place] else { throw Table.Conflict(id: server.id, endpoint: nil) }
        seen[place] = true
        lasting += 1 + realServers.count
        // Nearly all are equal, and in the order in which this library adds real servers, which the kernel reverses.
        if desired.entries[place].isEqual(to: server, reversed: realServers) { return }
        let service = try Table.Entry(server, realServers: realServers)
        if service != desired.entries[place] { differing[place] = service }
    }

    /// The services that are otherwise than they should be, as they are, and as they should be; or missing, if nothing is
    /// there but what was compared. Ordered by identity.
    package var deviations: some Sequence<(old: Table.Entry?, new: Table.Entry)> {
        let services = desired.entries
        let places = seen.indices.filter { !seen[$0] } + differing.keys
        return places.sorted { services[$0].server.id < services[$1].server.id }
            .lazy.map { (old: differing[$0], new: services[$0]) }
    }

    /// What has to be changed, if nothing is there but what was compared.
    var plan: Table.Plan { Table.Plan(deviations, obsolete: obsolete.sortedEntries().map(\.server)) }
}

extension Table.Entry {
    /// Whether it is this virtual server with these real servers, which are in reverse order.
    fileprivate func isEqual(to server: VirtualServer, reversed realServers: [RealServer]) -> Bool {
        guard server == self.server, realServers.count == self.realServers.count else { return false }
        var place = realServers.count
        for real in self.realServers {
            place -= 1
            if realServers[place] != real { return false }
        }
        return true
    }
}
