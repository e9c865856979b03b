public import IPVS
public import IPVSNode

/// What a full sync would do.
public struct SyncPlan: Hashable, Sendable {
    /// The kernel settings that would be changed.
    public let settings: [Sysctls.Change]

    /// The timeouts of idle connections that would be changed.
    public let timeouts: [TimeoutSetting.Change]

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

    /// The changes to the packet rules.
    public internal(set) var rules = PacketRules.Difference()

    /// What stands in the way of packets, and is not the proxier's.
    public internal(set) var obstacles: [PacketObstacle] = []

    /// The node-port blocks in which no node port would be served.
    public let unservedBlocks: [UnservedBlock]

    init(_ draft: Draft, _ state: DesiredState, settings: [Sysctls.Change], timeouts: [TimeoutSetting.Change]) {
        self.settings = settings
        self.timeouts = timeouts
        rejections = state.rejections
        unservedBlocks = state.node.unservedBlocks
        addressesToBind = draft.addressesToBind.sorted()
        plan = draft.plan
        addressesToUnbind = draft.addressesToUnbind.sorted()
        failures = draft.taken.sorted().map { SyncFailure(virtualServer: $0, reason: .notOwned) }
    }

    /// Whether there is nothing to do.
    public var isEmpty: Bool {
        settings.isEmpty && timeouts.isEmpty && addressesToBind.isEmpty && plan.isEmpty && addressesToUnbind.isEmpty
            && rules.isEmpty
    }
}

extension SyncPlan: CustomStringConvertible {
    /// The changes like a diff: settings, timeouts, addresses to bind, changes to the table, addresses to unbind, changes to the
    /// packet rules, and a line for each failure, each rejection, each unserved block and each obstacle.
    public var description: String {
        var lines = settings.flatMap { ["- \($0.name) = \($0.before)", "+ \($0.name) = \($0.after)"] }
        lines += timeouts.flatMap { ["- \($0.setting) = \($0.before) s", "+ \($0.setting) = \($0.after) s"] }
        lines += addressesToBind.map { "+ address \($0)" }
        if !plan.isEmpty { lines.append(plan.description) }
        lines += addressesToUnbind.map { "- address \($0)" }
        if !rules.isEmpty { lines.append(rules.description) }
        lines += failures.map { "! \($0)" } + rejections.map { "! \($0)" } + unservedBlocks.map { "! \($0)" }
        lines += obstacles.map { "! \($0)" }
        return lines.joined(separator: "\n")
    }
}
