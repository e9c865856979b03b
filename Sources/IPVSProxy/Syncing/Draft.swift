import IPVS

/// What a sync is about to do, from what it has read of the kernel.
struct Draft {
    /// Addresses to bind before the table is changed.
    var addressesToBind: Set<IPAddress> = []

    /// Virtual servers that differ or are missing, as they are and as they should be. They are kept in portions, as one growing
    /// array would be copied again and again.
    private var deviations: [[(old: Table.Entry?, new: Table.Entry)]] = []

    /// How many of them are a portion.
    private static let portion = 256

    /// Virtual servers to delete.
    private var obsolete: [VirtualServer] = []

    /// Addresses to unbind after the table was changed.
    var addressesToUnbind: Set<IPAddress> = []

    /// The real servers that are draining when it is carried out.
    private(set) var drains: DrainList

    /// The virtual servers of those that begin to drain.
    private(set) var newDrains: Set<VirtualServer.Identity> = []

    /// Virtual servers that are wanted, but belong to somebody else.
    private(set) var taken: Set<VirtualServer.Identity> = []

    /// Virtual servers without the proxier's mark that are wanted, and become its own.
    private(set) var takenOver: Set<VirtualServer.Identity> = []

    /// An empty draft of a sync that finds these real servers draining.
    init(_ drains: DrainList) { self.drains = drains }

    /// Takes in a virtual server as it is and as it should be. Real servers that it should not have may keep their connections
    /// until the deadline.
    mutating func compare(_ old: Table.Entry?, _ desired: Table.Entry, until deadline: ContinuousClock.Instant) {
        let id = desired.server.id
        let known = drains[id]
        let new = drains.hold(desired, of: old, until: deadline)
        if drains[id].keys.contains(where: { known[$0] == nil }) { newDrains.insert(id) }
        guard new != old else { return }
        if deviations.last.map({ $0.count == Self.portion }) ?? true { deviations.append([]) }
        deviations[deviations.count - 1].append((old, new))
    }

    /// Takes in a virtual server that is not wanted.
    mutating func delete(_ server: VirtualServer) {
        drains.forget(server.id)
        obsolete.append(server)
    }

    /// Takes in that a virtual server becomes the proxier's own. It is compared like one that is.
    mutating func takeOver(_ id: VirtualServer.Identity) { takenOver.insert(id) }

    /// Takes in a virtual server that is wanted, but belongs to somebody else together with its real servers.
    mutating func leave(_ id: VirtualServer.Identity) {
        drains.forget(id)
        taken.insert(id)
    }

    /// Takes in a virtual server that is not wanted, and is not there or belongs to somebody else.
    mutating func forget(_ id: VirtualServer.Identity) { drains.forget(id) }

    /// The virtual servers that are missing.
    var missing: [VirtualServer.Identity] { deviations.joined().filter { $0.old == nil }.map(\.new.server.id) }

    /// The virtual servers at some addresses that are missing.
    func missing(at addresses: Set<IPAddress>) -> [VirtualServer.Identity] {
        missing.filter { addresses.contains($0.address) }
    }

    /// The addresses at which all virtual servers that are wanted belong to somebody else. They are not bound: whoever has the
    /// virtual server decides how it is reached, and would lose it to the next process if its address were on the interface.
    func addressesOfOthers(in desired: Table) -> Set<IPAddress> {
        guard !taken.isEmpty else { return [] }
        var addresses = Set(taken.compactMap(\.address))
        for id in desired.ids where !taken.contains(id) {
            if let address = id.address { addresses.remove(address) }
        }
        return addresses
    }

    /// The changes to the table.
    var plan: Table.Plan { Table.Plan(deviations.joined(), obsolete: obsolete) }

    /// Calls `body` with the changes to the table, portion by portion, except for those to virtual servers at some addresses and
    /// to some others.
    ///
    /// The memory of one portion is reused for the next: to touch memory for the first time takes longer than to send what is
    /// in it.
    func forEachPlan(
        excluding addresses: Set<IPAddress>,
        and servers: Set<VirtualServer.Identity>,
        _ body: (Table.Plan) throws -> Void
    ) rethrows {
        for portion in deviations {
            let included = portion.lazy.filter { deviation in
                let id = deviation.new.server.id
                return !addresses.contains(id.address) && !servers.contains(id)
            }
            let plan = Table.Plan(included.map(\.self), obsolete: [])
            if !plan.isEmpty { try body(plan) }
        }
        if !obsolete.isEmpty { try body(Table.Plan([], obsolete: obsolete)) }
    }
}

extension Set<IPAddress> {
    fileprivate func contains(_ address: IPAddress?) -> Bool { address.map { contains($0) } ?? false }
}
