import IPVS
import IPVSNode
import Netlink

/// Makes the kernel's table and the node's addresses what they should be, and remembers between syncs which real servers
/// are draining and what has failed.
///
/// It runs on a serial dispatch queue, as each call to the kernel blocks until the kernel has done the work.
package actor NodeSync {
    typealias Instant = ContinuousClock.Instant

    private let queue = KernelQueue()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe queue.asUnownedSerialExecutor() }

    let kernel: Kernel
    let configuration: Proxier.Configuration
    let ownership: Ownership
    let now: @Sendable () -> Instant

    /// What was last written into the interface's alias, or found there.
    var label: InterfaceLabel?

    /// Virtual servers and addresses.
    var memory = SyncMemory()

    /// The draining real servers.
    var drains = DrainList()

    /// When those are looked at again.
    var nextLook: Instant?

    /// The packet rules.
    var rules = RuleSync()

    /// Where UDP clients began to have an endpoint whose old conntrack entries have not been deleted.
    var startedUDP: Set<Endpoint> = []

    /// The lock on the interface, while anything needs it, and how many do.
    var lock: (any InterfaceLock)?
    var lockUses = 0

    /// When the last full sync that was due began, if it was completed; nil if one is due.
    var lastFullSync: Instant?

    init(_ kernel: Kernel, _ configuration: Proxier.Configuration, now: @escaping @Sendable () -> Instant) {
        self.kernel = kernel
        self.configuration = configuration
        self.now = now
        ownership = Ownership(interface: configuration.interface, excluding: configuration.excludedBlocks)
    }
}

extension NodeSync {
    /// Whether the next sync has to be a full one: it is the first one, or the last one broke off, or the period is over.
    var isFullSyncDue: Bool { lastFullSync.map { $0.duration(to: now()) >= configuration.syncPeriod } ?? true }

    /// The node's own addresses.
    ///
    /// - Throws: Also if the node's namespace or its interface is not the proxier's to use.
    func nodeAddresses() throws(AddressError) -> [IPAddress] {
        try kernel.namespace?.verify()
        try verifyMark()
        return try kernel.binder.nodeAddresses(isServiceInterface: InterfaceLabel.isLabel).sorted()
    }

    /// Makes everything what a desired state wants, after an update of that state.
    ///
    /// If a full sync is due, the state has the current addresses of the node.
    ///
    /// - Returns: What was done. A single failure doesn't stop the rest from being done.
    /// - Throws: Where the sync broke off. A full one is due then.
    func sync(_ update: DesiredState.Update, _ state: DesiredState, isDue: Bool) throws -> SyncReport {
        let begin = now()
        if kernel.tracking != nil { startedUDP.formUnion(update.startedUDP) }
        try checkRules()
        let lastFullSync = lastFullSync
        // Until this one is completed.
        self.lastFullSync = nil
        var report = SyncReport(.changes)
        // To dump everything costs about as much as to read half of it one by one.
        let isMuch = (update.virtualServers.count + memory.failed.count) * 2 > max(state.table.count, 32)
        var update = update
        if !isDue, !isMuch {
            try syncChanges(update, state, &report)
            // They are in effect.
            update.rules = PacketRules.Difference()
        }
        // If others have removed the interface, all other addresses have gone with it.
        if isDue || isMuch || report.madeInterface { try syncAll(update, state, &report) }
        // A full sync that was not due does not postpone the next one, as it does not know the node's new addresses.
        if !report.madeInterface { self.lastFullSync = isDue ? begin : lastFullSync }
        return report
    }

    /// What a full sync would do.
    func plan(_ state: DesiredState) throws -> SyncPlan {
        try checkRules()
        let draft = try draft(of: state, takesOver: try readLabel() == nil)
        let settings = kernel.sysctls.check(configuration.sysctls).changes
        var plan = SyncPlan(draft, state, settings: settings, timeouts: try checkTimeouts().changes)
        if let filter = kernel.packetFilter, let wanted = state.packetRules {
            plan.rules = try filter.difference(to: wanted.without(OthersShare(draft, state)))
            // To the filter, what others have changed is known from now on.
            if !plan.rules.isEmpty { rules.areSound = false }
            plan.obstacles = try filter.obstacles()
        }
        return plan
    }

    /// Syncs what has changed, and what failed before.
    private func syncChanges(
        _ update: DesiredState.Update,
        _ state: DesiredState,
        _ report: inout SyncReport
    ) throws {
        rules.begin()
        let ids = memory.failed.union(update.virtualServers)
        let draft = try draft(of: ids, update, state)
        let change = ruleChange(beside: draft, update, state, isFull: false)
        try carryOut(draft, change, state, &report)
        memory.settle(ids, in: state.table)
    }

    private func syncAll(_ update: DesiredState.Update, _ state: DesiredState, _ report: inout SyncReport) throws {
        rules.begin()
        report.kind = .full
        lock?.endPendingConnections()
        let known = try readLabel()
        if known == nil { try takeOver(state, &report) }
        var label = known ?? InterfaceLabel()
        try changeSettings(noting: &label, &report)
        var draft = try draft(of: state)
        // If others have removed the interface meanwhile, nothing is bound any more.
        if try write(label) {
            draft.addressesToBind = Set(state.addresses).subtracting(draft.addressesOfOthers(in: state.table))
            draft.addressesToUnbind = []
        }
        try carryOut(draft, ruleChange(beside: draft, update, state, isFull: true), state, &report)
        memory.settleAll(in: state.table)
        lookForObstacles(&report)
    }
}
