import IPVS
import IPVSNode

extension NodeSync {
    /// Does what a draft says: binds, changes the table, unbinds, and looks at what is on its way out.
    func carryOut(_ draft: Draft, _ state: DesiredState, _ report: inout SyncReport) throws {
        (doubtful, unmade, leftAddresses, report.failures) = ([], draft.taken, [], [])
        for id in draft.taken.sorted() { fail(id, .notOwned, &report) }
        let unreachable = try bind(draft.addressesToBind, state, &report)
        if !unreachable.isEmpty { unmade.formUnion(draft.missing(at: unreachable)) }
        try draft.forEachPlan(sparing: unreachable) { try change($0, &report) }
        drains = draft.drains
        try unbind(draft.addressesToUnbind, &report)
        try look(at: draft.newDrains, &report)
        report.draining = drains.count
    }

    /// Takes note that a virtual server is not what it should be.
    private func fail(_ id: VirtualServer.Identity, _ reason: SyncFailure.Reason, _ report: inout SyncReport) {
        // What follows from the first failure says no more.
        guard doubtful.insert(id).inserted else { return }
        report.failures.append(SyncFailure(virtualServer: id, reason: reason))
    }

    /// Binds addresses, and returns those that could not be bound.
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
        // One that is in the table as it should be is not reached either.
        for service in state.table.sortedEntries() {
            guard let address = service.server.id.address, let error = outcome.failures[address] else { continue }
            fail(service.server.id, .address(error), &report)
        }
        return Set(outcome.failures.keys)
    }

    /// Makes the changes of a plan.
    private func change(_ plan: Table.Plan, _ report: inout SyncReport) throws(IPVSError) {
        let outcome = try kernel.table.perform(plan)
        report.changes += outcome.succeeded
        for failure in outcome.failures {
            let change = plan.changes[failure.index]
            if change.isMade(despite: failure.error) { continue }
            if case .addVirtualServer(let server) = change { unmade.insert(server.id) }
            fail(change.virtualServer, .table(failure.error), &report)
        }
    }

    /// Unbinds addresses, but for those of virtual servers that could not be deleted.
    private func unbind(_ addresses: Set<IPAddress>, _ report: inout SyncReport) throws(AddressError) {
        let needed = Set(doubtful.compactMap(\.address))
        leftAddresses = addresses.intersection(needed)
        let addresses = addresses.subtracting(needed)
        guard !addresses.isEmpty else { return }
        let outcome = try kernel.binder.unbind(addresses)
        report.unbound += outcome.changed
        for (address, error) in outcome.failures.sorted(by: { $0.key < $1.key }) {
            leftAddresses.insert(address)
            report.failures.append(SyncFailure(virtualServer: nil, reason: .address(error)))
        }
    }
}

extension Table.Plan.Change {
    /// Whether things are as the change was to make them, although it failed.
    fileprivate func isMade(despite error: IPVSError) -> Bool {
        switch self {
        case .deleteVirtualServer: error.code == .virtualServerNotFound
        case .deleteRealServer: error.code == .realServerNotFound || error.code == .virtualServerNotFound
        case .addVirtualServer, .updateVirtualServer, .addRealServer, .updateRealServer: false
        }
    }
}

// MARK: - What is on its way out

extension NodeSync {
    /// Deletes those real servers on their way out that have no connections left or no time, of virtual servers that have
    /// new ones, and of all if it is time to look.
    private func look(at ids: Set<VirtualServer.Identity>, _ report: inout SyncReport) throws(IPVSError) {
        let now = settings.now()
        let isTime = nextLook.map { $0 <= now } ?? true
        let watched = isTime ? drains.virtualServers : ids.sorted()
        if isTime { nextLook = drains.isEmpty ? nil : now.advanced(by: settings.drainInterval) }
        var deletions: [Table.Plan.Change] = []
        for id in watched { deletions += try finished(of: id, at: now) }
        guard !deletions.isEmpty else { return }
        let plan = Table.Plan(changes: deletions)
        let outcome = try kernel.table.perform(plan)
        report.drained += outcome.succeeded
        let failures = outcome.failures.filter { !plan.changes[$0.index].isMade(despite: $0.error) }
        for failure in failures { fail(plan.changes[failure.index].virtualServer, .table(failure.error), &report) }
        let failed = Set(failures.map(\.index))
        for (index, change) in deletions.enumerated() where !failed.contains(index) {
            if case .deleteRealServer(let real, let id) = change { drains.forget(real.endpoint, of: id) }
        }
    }

    /// Deletions of a virtual server's real servers that have nothing to wait for any more.
    private func finished(of id: VirtualServer.Identity, at now: Instant) throws(IPVSError) -> [Table.Plan.Change] {
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
            guard let entry = gone.removeValue(forKey: status.server.endpoint) else { continue }
            let isIdle = status.activeConnections == 0 && status.inactiveConnections == 0
            // One that others gave a weight may get a connection at any moment.
            if status.server.weight != 0 { doubtful.insert(id) }
            if isIdle && status.server.weight == 0 || now >= entry.deadline {
                deletions.append(.deleteRealServer(status.server, from: id))
            }
        }
        for endpoint in gone.keys { drains.forget(endpoint, of: id) }
        return deletions
    }
}

// MARK: - The interface's label, and the kernel's settings

extension NodeSync {
    /// Writes the interface's alias; makes the interface if it is not there.
    /// - Returns: Whether it had to be made.
    @discardableResult
    func write(_ label: InterfaceLabel) throws(AddressError) -> Bool {
        let isThere = try kernel.binder.alias() == label.description
        let isMade = try isThere ? false : kernel.binder.setAlias(label.description)
        self.label = label
        return isMade
    }

    /// Gives the kernel's settings their values, after it has been noted what they were.
    func makeSettings(noting label: inout InterfaceLabel) throws(AddressError) -> Sysctls.Outcome {
        let planned = kernel.sysctls.check(settings.sysctls)
        guard !planned.changes.isEmpty else { return planned }
        let before = label
        label.note(planned.changes)
        try write(label)
        let outcome = kernel.sysctls.ensure(settings.sysctls)
        if outcome.changes != planned.changes {
            // Whoever makes what failed here does not want it taken back.
            label = before
            label.note(outcome.changes)
            try write(label)
        }
        return outcome
    }
}
