import IPVS
import IPVSNode

/// Makes the kernel's table and the node's addresses what they should be, and remembers between syncs what is on its way
/// out and what is in doubt.
///
/// It runs on a thread of its own, as the kernel works while it is asked.
actor NodeSync {
    typealias Instant = ContinuousClock.Instant

    private let queue = KernelQueue()
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe queue.asUnownedSerialExecutor() }

    let kernel: Kernel
    let settings: Settings

    /// What a sync reads and writes.
    struct Kernel {
        let table: any KernelTable
        let binder: AddressBinder
        let sysctls: Sysctls

        /// Where all of these are, if that has a name.
        var namespace: NodeNamespace?
    }

    /// What a sync goes by.
    struct Settings {
        let excludedBlocks: [IPAddress.Block]
        let sysctls: [Sysctl]
        let syncPeriod: Duration
        let drainTimeout: Duration
        let drainInterval: Duration
        let now: @Sendable () -> Instant
    }

    var ownership: Ownership

    /// What was last written into the interface's alias, or found there.
    var label: InterfaceLabel?

    /// Real servers that are on their way out.
    var drains = DrainList()

    /// When those are looked at again.
    var nextLook: Instant?

    /// Virtual servers that may not be what they should be, for a change of theirs failed.
    var doubtful: Set<VirtualServer.Identity> = []

    /// Those of them that should be there, and that the process has neither made nor found as its own.
    var unmade: Set<VirtualServer.Identity> = []

    /// Addresses that nothing needs, but that could not be unbound.
    var leftAddresses: Set<IPAddress> = []

    /// When the last full sync that was due was begun, if it got through; nil if one is due.
    var lastFullSync: Instant?

    init(_ kernel: Kernel, _ settings: Settings) {
        self.kernel = kernel
        self.settings = settings
        ownership = Ownership(interface: kernel.binder.interface)
        ownership.excludedBlocks = settings.excludedBlocks
    }
}

extension NodeSync {
    /// Whether the next sync has to be a full one: it is the first one, or the last one broke off, or the period is over.
    var isFullSyncDue: Bool { lastFullSync.map { $0.duration(to: settings.now()) >= settings.syncPeriod } ?? true }

    /// The node's own addresses.
    /// - Throws: Also if the node's namespace has its name no more.
    func nodeAddresses() throws(AddressError) -> [IPAddress] {
        try kernel.namespace?.verify()
        return try kernel.binder.nodeAddresses { InterfaceLabel($0) != nil }.sorted()
    }

    /// Makes everything as a state has it, which an update of that state has just led to.
    ///
    /// If a full sync is due, the state has the node's addresses as they are now.
    /// - Returns: What was done; single failures keep nothing else from being done.
    /// - Throws: Where the sync broke off; a full one is due then.
    func sync(_ update: DesiredState.Update, _ state: DesiredState, isDue: Bool) throws -> SyncReport {
        let begin = settings.now()
        let lastFullSync = lastFullSync
        // Until it has got through.
        self.lastFullSync = nil
        var report = SyncReport(.changes)
        // To list everything costs about as much as to read half of it bit by bit.
        let isMuch = (update.changes.count + doubtful.count) * 2 > max(state.table.count, 32)
        if !isDue, !isMuch { try syncChanges(update, state, &report) }
        // If others have removed the interface, all other addresses have gone with it.
        if isDue || isMuch || report.madeInterface { try syncAll(state, &report) }
        // A full sync that was not due puts none off: it does not know the node's new addresses.
        if !report.madeInterface { self.lastFullSync = isDue ? begin : lastFullSync }
        return report
    }

    /// What a full sync would do.
    func plan(_ state: DesiredState) throws -> SyncPlan {
        let draft = try draft(of: state, takesOver: try readLabel() == nil)
        return SyncPlan(draft, settings: kernel.sysctls.check(settings.sysctls).changes, rejections: state.rejections)
    }

    /// Syncs what has changed and what is in doubt.
    private func syncChanges(
        _ update: DesiredState.Update,
        _ state: DesiredState,
        _ report: inout SyncReport
    ) throws {
        let ids = doubtful.union(update.changes.lazy.map(\.id))
        try carryOut(try draft(of: ids, update, state), state, &report)
        for id in ids {
            if state.table[id] == nil ? doubtful.contains(id) && ownership.known.contains(id) : !unmade.contains(id) {
                ownership.known.insert(id)
            } else {
                ownership.known.remove(id)
            }
        }
    }

    private func syncAll(_ state: DesiredState, _ report: inout SyncReport) throws {
        report.kind = .full
        let known = try readLabel()
        if known == nil { try takeOver(state, &report) }
        var label = known ?? InterfaceLabel()
        report.settings = try makeSettings(noting: &label)
        var draft = try draft(of: state)
        // If others have removed the interface meanwhile, nothing is bound any more.
        if try write(label) { (draft.addressesToBind, draft.addressesToUnbind) = (Set(state.addresses), []) }
        try carryOut(draft, state, &report)
        var own = state.table.ids
        if !doubtful.isEmpty {
            // What could not be deleted is still its own.
            own.formUnion(ownership.known.intersection(doubtful))
            own.subtract(unmade)
        }
        ownership.known = own
    }
}
