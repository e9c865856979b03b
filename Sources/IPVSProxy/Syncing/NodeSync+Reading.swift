import IPVS
import IPVSNode

extension NodeSync {
    /// What a full sync is to do. It dumps the table and the addresses. In a take-over, unmarked virtual servers at the
    /// interface's addresses are the proxier's own.
    func draft(of state: DesiredState, takesOver: Bool = false) throws -> Draft {
        let bound = try kernel.binder.addresses()
        if takesOver { claim(at: bound, state) }
        defer { memory.endClaims() }
        var drains = drains
        drains.settle(with: state.table)
        var draft = Draft(drains)
        let rule = TakeOverRule(at: bound, othersMarks: try othersMarks())
        let (comparison, taken, takenOver) = try compare(with: drains.extending(state.table), by: rule, state)
        for id in taken { draft.leave(id) }
        for id in takenOver { draft.takeOver(id) }
        let deadline = now().advanced(by: configuration.drainTimeout)
        for (old, new) in comparison.deviations where !taken.contains(new.server.id) {
            // A draining real server may be gone.
            if let entry = state.table[new.server.id] { draft.compare(old, entry, until: deadline) }
        }
        for entry in comparison.obsolete.sortedEntries() { draft.delete(entry.server) }
        let wanted = Set(state.addresses)
        draft.addressesToBind = wanted.subtracting(bound)
        draft.addressesToBind.subtract(draft.addressesOfOthers(in: state.table))
        draft.addressesToUnbind = bound.subtracting(wanted).filter { !ownership.excludes($0) }
        return draft
    }

    /// Compares the proxier's own part of the kernel's table with a desired table.
    ///
    /// - Returns: The comparison, and the virtual servers of the desired table that are somebody else's or are taken over.
    private func compare(
        with desired: Table,
        by rule: TakeOverRule,
        _ state: DesiredState
    ) throws(IPVSError) -> (
        own: Comparison, taken: Set<VirtualServer.Identity>, takenOver: Set<VirtualServer.Identity>
    ) {
        var (taken, takenOver): (Set<VirtualServer.Identity>, Set<VirtualServer.Identity>) = ([], [])
        let comparison = try kernel.table.compare(with: desired) { server in
            if owns(server) { return true }
            guard desired[server.id] != nil else { return false }
            let isIncluded = rule.includes(server, state)
            if isIncluded { takenOver.insert(server.id) } else { taken.insert(server.id) }
            return isIncluded
        }
        return (comparison, taken, takenOver)
    }

    /// What a sync is to do for virtual servers that have changed or failed before. It reads nothing else.
    func draft(
        of ids: Set<VirtualServer.Identity>,
        _ update: DesiredState.Update,
        _ state: DesiredState
    ) throws -> Draft {
        var draft = Draft(drains)
        let deadline = now().advanced(by: configuration.drainTimeout)
        // Needed only for virtual servers of others, which are rare.
        var rule: TakeOverRule?
        for id in ids.sorted() {
            let old = try kernel.table.entry(id)
            var isOwn = old.map { owns($0.server) } ?? true
            if !isOwn, let server = old?.server, state.table[id] != nil {
                let known = try rule ?? TakeOverRule(at: kernel.binder.addresses(), othersMarks: othersMarks())
                rule = known
                isOwn = known.includes(server, state)
                if isOwn { draft.takeOver(id) }
            }
            switch (old, state.table[id]) {
            case (_, let entry?): if isOwn { draft.compare(old, entry, until: deadline) } else { draft.leave(id) }
            case (let old?, nil) where isOwn: draft.delete(old.server)
            case (_, nil): draft.forget(id)
            }
        }
        draft.addressesToBind = Set(update.addressesToBind)
        draft.addressesToBind.formUnion(memory.failed.lazy.compactMap(\.address).filter(state.binds))
        draft.addressesToBind.subtract(draft.addressesOfOthers(in: state.table))
        draft.addressesToUnbind = memory.leftAddresses.union(update.addressesToUnbind).filter { !state.binds($0) }
        return draft
    }
}
