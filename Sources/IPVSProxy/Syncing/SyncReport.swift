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

    /// How many real servers were deleted at the end of their drain.
    public internal(set) var drained = 0

    /// How many real servers are on their way out.
    public internal(set) var draining = 0

    /// What could not be made so, a virtual server or an address each. It is tried again with the next sync.
    public internal(set) var failures: [SyncFailure] = []

    /// Virtual servers that another proxy has left, and that were made the proxier's own.
    public internal(set) var takenOver: [VirtualServer.Identity] = []

    /// What became of the kernel's settings; nil if the sync did not look at them, as one of changes does not.
    public internal(set) var settings: Sysctls.Outcome?

    /// Which kind of sync one is.
    public enum Kind: Hashable, Sendable {
        /// It has compared the whole table and all addresses.
        case full
        /// It has looked at what changed alone.
        case changes
    }

    /// Whether the interface was not there and had to be made.
    var madeInterface = false

    init(_ kind: Kind) { self.kind = kind }

    /// Whether all is as it should be.
    public var isComplete: Bool { failures.isEmpty }
}

extension SyncReport: CustomStringConvertible {
    /// The numbers on one line, and a line for each failure.
    public var description: String {
        let kind = kind == .full ? "full sync" : "sync of changes"
        let numbers = "\(changes) changes, \(bound) bound, \(unbound) unbound, \(drained) drained, \(draining) draining"
        return (["\(kind): \(numbers), \(failures.count) failed"] + failures.map(\.description))
            .joined(separator: "\n")
    }
}

/// A virtual server or an address that a sync could not make what it should be.
public struct SyncFailure: Error, Hashable, Sendable {
    /// The virtual server; nil for an address that could not be unbound.
    public let virtualServer: VirtualServer.Identity?

    /// The service port that it is for, if there is one.
    public internal(set) var servicePort: ServicePortName?

    /// Why it is not what it should be.
    public let reason: Reason

    /// Why something is not what it should be.
    public enum Reason: Hashable, Sendable {
        /// The kernel refused a change to the table.
        case table(IPVSError)
        /// The address could not be bound or unbound.
        case address(AddressError)
        /// There is a virtual server that the proxy has not made.
        case notOwned
    }
}

extension SyncFailure: CustomStringConvertible {
    /// The failure as a sentence: `default/web: can't bind 10.96.0.1 to kube-ipvs0: IPv6 is disabled`.
    public var description: String {
        let sentence =
            switch reason {
            case .table(let error): "\(error)"
            case .address(let error): "\(error)"
            case .notOwned:
                "can't use \(virtualServer.map { "\($0)" } ?? "it"), which somebody else has added to the kernel's table"
            }
        return servicePort.map { "\($0): \(sentence)" } ?? sentence
    }
}

/// What a full sync would do.
public struct SyncPlan: Hashable, Sendable {
    /// The settings of the kernel that would be changed.
    public let settings: [Sysctls.Change]

    /// Addresses that would be bound, in order, before the table is changed.
    public let addressesToBind: [IPAddress]

    /// The changes to the table. A real server that would go gets a weight of 0 first.
    public let plan: Table.Plan

    /// Addresses that would be unbound, in order, after the table was changed.
    public let addressesToUnbind: [IPAddress]

    /// What could not be made so.
    public internal(set) var failures: [SyncFailure]

    /// What service ports want and would not get, in order.
    public let rejections: [Rejection]

    init(_ draft: Draft, settings: [Sysctls.Change], rejections: [Rejection]) {
        self.settings = settings
        self.rejections = rejections
        addressesToBind = draft.addressesToBind.sorted()
        plan = draft.plan
        addressesToUnbind = draft.addressesToUnbind.sorted()
        failures = draft.taken.sorted().map { SyncFailure(virtualServer: $0, reason: .notOwned) }
    }

    /// Whether there is nothing to do.
    public var isEmpty: Bool {
        settings.isEmpty && addressesToBind.isEmpty && plan.isEmpty && addressesToUnbind.isEmpty
    }
}

extension SyncPlan: CustomStringConvertible {
    /// The changes like a diff: settings, addresses to bind, the table's changes, addresses to unbind, and a line for each
    /// failure and each rejection.
    public var description: String {
        var lines = settings.flatMap { ["- \($0.name) = \($0.before)", "+ \($0.name) = \($0.after)"] }
        lines += addressesToBind.map { "+ address \($0)" }
        if !plan.isEmpty { lines.append(plan.description) }
        lines += addressesToUnbind.map { "- address \($0)" }
        lines += failures.map { "! \($0)" } + rejections.map { "! \($0)" }
        return lines.joined(separator: "\n")
    }
}

/// What ``Proxier/cleanup()`` has removed.
public struct CleanupReport: Hashable, Sendable {
    /// How many virtual servers were deleted.
    public internal(set) var virtualServers = 0

    /// How many addresses were unbound.
    public internal(set) var addresses = 0

    /// Whether the interface was removed; it stays if others have bound addresses to it.
    public internal(set) var removedInterface = false

    /// What became of the kernel's settings that had been changed.
    public internal(set) var settings = Sysctls.Outcome()

    /// What could not be removed.
    public internal(set) var failures: [SyncFailure] = []
}
