public import IPVS
public import IPVSNode

/// What a full sync would do.
public struct SyncPlan: Hashable, Sendable {
    /// The kernel settings that would be changed.
    public let settings: [Sysctls.Change]

    /// Addresses that would be bound before the table is changed, in order.
    public let addressesToBind: [IPAddress]

    /// The changes to the table. A real server that is not wanted any more gets a weight of 0 first.
    public let plan: Table.Plan

    /// Addresses that would be unbound after the table was changed, in order.
    public let addressesToUnbind: [IPAddress]

    /// The virtual servers that could not be made what they should be.
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
    /// The changes like a diff: settings, addresses to bind, changes to the table, addresses to unbind, and a line for each
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
