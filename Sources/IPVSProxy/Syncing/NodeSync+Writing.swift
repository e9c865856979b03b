import IPVS
import IPVSNode

extension NodeSync {
    /// Carries out a draft: binds addresses, changes the table, unbinds addresses, and looks at draining real servers. Packet
    /// rules that protect virtual servers, or let their connections in, come before all that; those that are over go after.
    func carryOut(
        _ draft: Draft,
        _ ruleChange: RuleChange,
        _ state: DesiredState,
        _ report: inout SyncReport
    ) throws {
        var ruleChange = ruleChange
        memory.begin()
        report.failures = []
        report.takenOver += draft.takenOver.sorted()
        for id in draft.taken.sorted() { fail(id, .notOwned, &report) }
        memory.failToMake(draft.taken)
        write(ruleChange.before, of: &ruleChange)
        let unprotected = withholdUnprotected(draft, ruleChange, state, &report)
        let useless = state.addresses(neededOnlyBy: unprotected)
        let unreachable = try bind(draft.addressesToBind.subtracting(useless), state, &report)
        if !unreachable.isEmpty { memory.failToMake(draft.missing(at: unreachable)) }
        try draft.forEachPlan(excluding: unreachable, and: unprotected) { try change($0, &report) }
        drains = draft.drains
        try unbind(draft.addressesToUnbind, &report)
        write(ruleChange.after, of: &ruleChange)
        settle(ruleChange, &report)
        forgetUnservedClients(&report)
        try look(at: draft.newDrains, &report)
        report.draining = drains.count
    }

    /// Withholds virtual servers that only some sources may reach, and that are not there yet, if the rules that protect them
    /// could not be written.
    ///
    /// - Returns: Those virtual servers.
    private func withholdUnprotected(
        _ draft: Draft,
        _ change: RuleChange,
        _ state: DesiredState,
        _ report: inout SyncReport
    ) -> Set<VirtualServer.Identity> {
        guard let error = change.error else { return [] }
        let missing = draft.missing.filter { state.isRestricted($0) }
        for id in missing { fail(id, .rules(error), &report) }
        memory.failToMake(missing)
        return Set(missing)
    }

    /// Notes what has become of the packet rules.
    private func settle(_ change: RuleChange, _ report: inout SyncReport) {
        rules.areSound = change.error == nil
        report.rules += change.count
        guard let error = change.error else { return }
        report.failures.append(SyncFailure(virtualServer: nil, reason: .rules(error)))
    }

    /// Notes that a virtual server is not what it should be.
    private func fail(_ id: VirtualServer.Identity, _ reason: SyncFailure.Reason, _ report: inout SyncReport) {
        // What follows from the first failure adds nothing.
        guard memory.fail(id) else { return }
        report.failures.append(SyncFailure(virtualServer: id, reason: reason))
    }

    /// Binds addresses.
    ///
    /// - Returns: Those that could not be bound.
    private func bind(
        _ addresses: Set<IPAddress>,
        _ state: DesiredState,
        _ report: inout SyncReport
    ) throws(AddressError) -> Set<IPAddress> {
        report.madeInterface = false
        guard !addresses.isEmpty else { return [] }
        let outcome = try kernel.binder.bind(addresses)
        report.bound += outcome.changed
        report.madeInterface = outcome.madeInterface
        guard !outcome.failures.isEmpty else { return [] }
        // Virtual servers that are in the table already can't be reached either.
        for entry in state.table.sortedEntries() {
            guard let address = entry.server.id.address, let error = outcome.failures[address] else { continue }
            fail(entry.server.id, .address(error), &report)
        }
        return Set(outcome.failures.keys)
    }

    /// Makes the changes of a plan.
    private func change(_ plan: Table.Plan, _ report: inout SyncReport) throws(IPVSError) {
        let outcome = try kernel.table.make(plan)
        report.changes += outcome.succeeded
        for failure in outcome.failures {
            let change = plan.changes[failure.index]
            if change.isMade(despite: failure.error) { continue }
            if case .addVirtualServer(let server) = change { memory.failToMake(CollectionOfOne(server.id)) }
            fail(change.virtualServer, .table(failure.error), &report)
        }
    }

    /// Unbinds addresses, except for those of virtual servers that could not be deleted.
    private func unbind(_ addresses: Set<IPAddress>, _ report: inout SyncReport) throws(AddressError) {
        let needed = Set(memory.failed.compactMap(\.address))
        memory.leave(addresses.intersection(needed))
        let addresses = addresses.subtracting(needed)
        guard !addresses.isEmpty else { return }
        let outcome = try kernel.binder.unbind(addresses)
        report.unbound += outcome.changed
        memory.leave(outcome.failures.keys)
        for (_, error) in outcome.failures.sorted(by: { $0.key < $1.key }) {
            report.failures.append(SyncFailure(virtualServer: nil, reason: .address(error)))
        }
    }
}

extension Table.Plan.Change {
    /// Whether the table is as the change was to make it, although the change failed.
    fileprivate func isMade(despite error: IPVSError) -> Bool {
        switch self {
        case .deleteVirtualServer: error.code == .virtualServerNotFound
        case .deleteRealServer: error.code == .realServerNotFound || error.code == .virtualServerNotFound
        case .addVirtualServer, .updateVirtualServer, .addRealServer, .updateRealServer: false
        }
    }
}

// MARK: - Draining real servers

extension NodeSync {
    /// Deletes those draining real servers that have no connections left, or no time: of virtual servers with new ones, and of
    /// all if it is time to look.
    private func look(at ids: Set<VirtualServer.Identity>, _ report: inout SyncReport) throws(IPVSError) {
        let now = now()
        let isTime = nextLook.map { $0 <= now } ?? true
        let watched = isTime ? drains.virtualServers : ids.sorted()
        if isTime { nextLook = drains.isEmpty ? nil : now.advanced(by: configuration.drainInterval) }
        var deletions: [Table.Plan.Change] = []
        for id in watched { deletions += try finished(of: id, at: now) }
        guard !deletions.isEmpty else { return }
        let plan = Table.Plan(changes: deletions)
        let outcome = try kernel.table.make(plan)
        report.drained += outcome.succeeded
        let failures = outcome.failures.filter { !plan.changes[$0.index].isMade(despite: $0.error) }
        for failure in failures { fail(plan.changes[failure.index].virtualServer, .table(failure.error), &report) }
        let failed = Set(failures.map(\.index))
        for (index, change) in deletions.enumerated() where !failed.contains(index) {
            if case .deleteRealServer(let real, let id) = change { drains.forget(real.endpoint, of: id) }
        }
    }

    /// The deletions of a virtual server's real servers that have nothing more to wait for.
    private func finished(
        of id: VirtualServer.Identity,
        at now: Instant
    ) throws(IPVSError) -> [Table.Plan.Change] {
        let statuses: [RealServer.Status]
        do throws(IPVSError) {
            statuses = try kernel.table.realServers(of: id)
        } catch {
            guard error.code == .virtualServerNotFound else { throw error }
            drains.forget(id)
            return []
        }
        var deletions: [Table.Plan.Change] = []
        var gone = drains[id]
        for status in statuses {
            guard let draining = gone.removeValue(forKey: status.server.endpoint) else { continue }
            let isIdle = status.activeConnections == 0 && status.inactiveConnections == 0
            // If others have given it a weight, it may get a connection at any moment.
            if status.server.weight != 0 { _ = memory.fail(id) }
            if isIdle && status.server.weight == 0 || now >= draining.deadline {
                deletions.append(.deleteRealServer(status.server, from: id))
            }
        }
        for endpoint in gone.keys { drains.forget(endpoint, of: id) }
        return deletions
    }
}
