import IPVS

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
        let table: any ServiceTable
        let binder: AddressBinder
        let sysctls: Sysctls
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

    /// Addresses that nothing needs, but that could not be unbound.
    var leftAddresses: Set<IPAddress> = []

    /// When the last full sync was begun that got through; nil if a full sync is due.
    var lastFullSync: Instant?

    /// Whether the kernel's settings were seen to.
    var areSettingsMade = false

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
    func nodeAddresses() throws(AddressError) -> [IPAddress] { try kernel.binder.nodeAddresses().sorted() }

    /// Makes everything as a state has it, which an update of that state has just led to.
    ///
    /// - Returns: What was done; single failures keep nothing else from being done.
    /// - Throws: Where the sync broke off; the next one is a full one then.
    func sync(_ update: DesiredState.Update, _ state: DesiredState, isFull: Bool) throws -> SyncReport {
        let begin = settings.now()
        // To list everything costs about as much as to read half of it bit by bit.
        let isMuch = (update.changes.count + doubtful.count) * 2 > max(state.table.count, 32)
        let isFull = isFull || isFullSyncDue || isMuch
        lastFullSync = isFull ? nil : lastFullSync
        do {
            if !isFull, let report = try syncChanges(update, state) { return report }
            let report = try syncAll(state)
            lastFullSync = begin
            return report
        } catch {
            lastFullSync = nil
            throw error
        }
    }

    /// What a full sync would do.
    func plan(_ state: DesiredState) throws -> SyncPlan {
        SyncPlan(try draft(of: state, takesOver: try readLabel() == nil))
    }

    /// Syncs what has changed and what is in doubt; nil if that turned out not to be enough.
    private func syncChanges(_ update: DesiredState.Update, _ state: DesiredState) throws -> SyncReport? {
        var report = SyncReport(.changes)
        let draft = try draft(of: update, state)
        try carryOut(draft, state, &report)
        for change in update.changes {
            if change.new == nil || doubtful.contains(change.id) {
                ownership.known.remove(change.id)
            } else {
                ownership.known.insert(change.id)
            }
        }
        // Others have removed the interface, and with it all other addresses.
        return report.madeInterface ? nil : report
    }

    private func syncAll(_ state: DesiredState) throws -> SyncReport {
        var report = SyncReport(.full)
        let known = try readLabel()
        if known == nil { try takeOver(&report) }
        var label = known ?? InterfaceLabel()
        if !areSettingsMade {
            let outcome = try makeSettings(noting: &label)
            areSettingsMade = outcome.failures.isEmpty
            report.settings = outcome
        }
        let draft = try draft(of: state)
        try write(label)
        try carryOut(draft, state, &report)
        ownership.known = state.table.ids.subtracting(doubtful)
        return report
    }
}
