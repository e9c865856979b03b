public import IPVS
public import IPVSNode

/// What a sync has done.
public struct SyncReport: Hashable, Sendable {
    /// Which kind of sync it was.
    public internal(set) var kind: Kind

    /// How many changes were made to virtual servers and real servers.
    public internal(set) var changes = 0

    /// How many addresses were bound.
    public internal(set) var bound = 0

    /// How many addresses were unbound.
    public internal(set) var unbound = 0

    /// How many elements of packet rules, and ranges of sources, were added or removed.
    public internal(set) var rules = 0

    /// How many entries of UDP clients, which had been sending before there was an endpoint, were deleted from the kernel's
    /// connection tracking.
    public internal(set) var deletedEntries = 0

    /// How many real servers were deleted at the end of their drain.
    public internal(set) var drained = 0

    /// How many real servers are draining.
    public internal(set) var draining = 0

    /// The virtual servers and addresses that are not what they should be. The next sync tries them again.
    public internal(set) var failures: [SyncFailure] = []

    /// The virtual servers without the proxier's mark that it has taken over: those of kube-proxy, and those that services want
    /// at addresses of the proxier's interface.
    public internal(set) var takenOver: [VirtualServer.Identity] = []

    /// What became of the kernel settings; nil for a sync of changes, which does not look at them.
    public internal(set) var settings: Sysctls.Outcome?

    /// What became of the timeouts of idle connections; nil for a sync of changes, which does not look at them.
    public internal(set) var timeouts: TimeoutSetting.Outcome?

    /// What stands in the way of packets, and is not the proxier's; empty for a sync of changes, which does not look for it.
    public internal(set) var obstacles: [PacketObstacle] = []

    /// A kind of sync.
    public enum Kind: Hashable, Sendable {
        /// It has compared the whole table and all addresses.
        case full
        /// It has looked only at what changed.
        case changes
    }

    /// Whether the interface was missing and had to be made.
    var madeInterface = false

    init(_ kind: Kind) { self.kind = kind }

    /// Whether everything is what it should be.
    public var isComplete: Bool { failures.isEmpty }
}

extension SyncReport: CustomStringConvertible {
    /// The numbers on one line, and a line for each failure.
    public var description: String {
        let kind = kind == .full ? "full sync" : "sync of changes"
        let rules = rules > 0 ? ["\(rules) rules"] : []
        let numbers =
            ["\(changes) changes", "\(bound) bound", "\(unbound) unbound"] + rules
            + ["\(drained) drained", "\(draining) draining", "\(failures.count) failed"]
        return
            (["\(kind): \(numbers.joined(separator: ", "))"]
            + failures.map(\.description))
            .joined(separator: "\n")
    }
}
