/// The difference between the current and the desired table. It is computed entry by entry, so that the current table need not
/// be in memory.
package struct Comparison {
    private let desired: Table

    /// Which entries of the desired table exist, by their positions.
    private var seen: [Bool]

    /// The current entries that differ, by the positions of the desired ones.
    private var differing: [Int: Table.Entry] = [:]

    /// Entries that are not desired.
    package private(set) var obsolete = Table()

    /// The number of current virtual and real servers, without obsolete entries.
    private(set) var lasting = 0

    /// Starts a comparison with the desired table.
    package init(with desired: Table) {
        self.desired = desired
        seen = Array(repeating: false, count: desired.count)
    }

    /// Compares a current entry. Its real servers can be in any order.
    ///
    /// - Throws: ``Table/Conflict`` if it is a duplicate, or has duplicate real servers.
    package mutating func compare(_ server: VirtualServer, _ realServers: [RealServer]) throws(Table.Conflict) {
        guard let place = desired.place(of: server.id) else {
            return try obsolete.insert(try Table.Entry(server, realServers: realServers))
        }
        guard !seen[place] else { throw Table.Conflict(id: server.id, endpoint: nil) }
        seen[place] = true
        lasting += 1 + realServers.count
        // Nearly all are equal, and in the order in which this library adds real servers, reversed by the kernel.
        if desired.entries[place].isEqual(to: server, reversed: realServers) { return }
        let entry = try Table.Entry(server, realServers: realServers)
        if entry != desired.entries[place] { differing[place] = entry }
    }

    /// The entries that differ or are missing, current and desired, sorted by identity. All current entries must have been
    /// compared.
    package var deviations: some Sequence<(old: Table.Entry?, new: Table.Entry)> {
        let entries = desired.entries
        let places = seen.indices.filter { !seen[$0] } + differing.keys
        return places.sorted { entries[$0].server.id < entries[$1].server.id }
            .lazy.map { (old: differing[$0], new: entries[$0]) }
    }

    /// The necessary changes. All current entries must have been compared.
    var plan: Table.Plan { Table.Plan(deviations, obsolete: obsolete.sortedEntries().map(\.server)) }
}

extension Table.Entry {
    /// Whether the entry equals a virtual server with real servers, which are in reverse order.
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
