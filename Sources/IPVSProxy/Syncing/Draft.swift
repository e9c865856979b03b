import IPVS

/// What a sync is about to do, by what it has read of the kernel.
struct Draft {
    /// Addresses to bind before the changes are made.
    var addressesToBind: Set<IPAddress> = []

    /// Virtual servers that are to be otherwise or are missing, as they are, and as they should be.
    var deviations: [(old: Table.Service?, new: Table.Service)] = []

    /// Virtual servers to delete.
    var obsolete: [VirtualServer] = []

    /// Addresses to unbind after the changes were made.
    var addressesToUnbind: Set<IPAddress> = []

    /// The real servers that are on their way out when it is done.
    private(set) var drains: DrainList

    /// The virtual servers of those that begin to go.
    private(set) var newDrains: Set<VirtualServer.Identity> = []

    /// Virtual servers that should be there, but are somebody else's.
    var taken: Set<VirtualServer.Identity> = []

    /// The draft of a sync that finds these real servers on their way out.
    init(_ drains: DrainList) { self.drains = drains }

    /// Takes in how a virtual server is and how it should be. Real servers that should go may keep their connections until
    /// the deadline.
    mutating func compare(_ old: Table.Service?, _ desired: Table.Service, until deadline: ContinuousClock.Instant) {
        let id = desired.server.id
        let known = drains[id]
        let new = drains.hold(desired, of: old, until: deadline)
        if drains[id].keys.contains(where: { known[$0] == nil }) { newDrains.insert(id) }
        if new != old { deviations.append((old, new)) }
    }

    /// Takes in a virtual server that should not be there.
    mutating func delete(_ server: VirtualServer) {
        drains.forget(server.id)
        obsolete.append(server)
    }

    /// The changes to the table, but for those to virtual servers at some addresses.
    func plan(sparing addresses: Set<IPAddress> = []) -> Plan {
        let isIncluded = { (id: VirtualServer.Identity) in id.address.map { !addresses.contains($0) } ?? true }
        return Plan(deviations.filter { isIncluded($0.new.server.id) }, obsolete: obsolete)
    }
}
