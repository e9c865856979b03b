import IPVS
import IPVSNode

extension NodeSync {
    /// What a full sync is to do: it lists the table and the addresses. A take-over makes what is at the interface's addresses
    /// its own, if it has no mark.
    func draft(of state: DesiredState, takesOver: Bool = false) throws -> Draft {
        let bound = try kernel.binder.addresses()
        if takesOver { adopt(bound, state) }
        defer { ownership.adopted = .init() }
        var drains = drains
        drains.settle(with: state.table)
        var draft = Draft(drains)
        let (comparison, taken) = try compare(with: drains.extending(state.table))
        for id in taken { draft.leave(id) }
        let deadline = settings.now().advanced(by: settings.drainTimeout)
        for (old, new) in comparison.deviations where !taken.contains(new.server.id) {
            // What was on its way out may have gone.
            if let service = state.table[new.server.id] { draft.compare(old, service, until: deadline) }
        }
        for service in comparison.obsolete.sortedEntries() { draft.delete(service.server) }
        let wanted = Set(state.addresses)
        draft.addressesToBind = wanted.subtracting(bound)
        draft.addressesToUnbind = bound.subtracting(wanted).filter { !ownership.excludes($0) }
        return draft
    }

    /// Compares what is the proxy's own in the kernel's table with a table, and tells which virtual servers of that one are
    /// somebody else's.
    private func compare(
        with desired: Table
    ) throws(IPVSError) -> (own: Comparison, taken: Set<VirtualServer.Identity>) {
        var taken: Set<VirtualServer.Identity> = []
        let comparison = try kernel.table.compare(with: desired) { server in
            if ownership.includes(server) { return true }
            if desired[server.id] != nil { taken.insert(server.id) }
            return false
        }
        return (comparison, taken)
    }

    /// What a sync is to do for virtual servers that have changed or are in doubt: it reads nothing else.
    func draft(
        of ids: Set<VirtualServer.Identity>,
        _ update: DesiredState.Update,
        _ state: DesiredState
    ) throws -> Draft {
        var draft = Draft(drains)
        let deadline = settings.now().advanced(by: settings.drainTimeout)
        for id in ids.sorted() {
            let old = try kernel.table.entry(id)
            let isOwn = old.map { ownership.includes($0.server) } ?? true
            switch (old, state.table[id]) {
            case (_, let service?): if isOwn { draft.compare(old, service, until: deadline) } else { draft.leave(id) }
            case (let old?, nil) where isOwn: draft.delete(old.server)
            case (_, nil): draft.forget(id)
            }
        }
        draft.addressesToBind = Set(update.addressesToBind)
        draft.addressesToBind.formUnion(doubtful.lazy.compactMap(\.address).filter(state.binds))
        draft.addressesToUnbind = leftAddresses.union(update.addressesToUnbind).filter { !state.binds($0) }
        return draft
    }

    /// What the interface's alias says, or has to say; nil if the interface is kube-proxy's, to be taken over.
    /// - Throws: `AddressError` where it is somebody else's. Other proxies than kube-proxy, which gives its interface no alias,
    ///   are not known; an interface that nobody uses is anybody's.
    func readLabel() throws(AddressError) -> InterfaceLabel? {
        // One that was seen here before is its own, even if it was made anew by others, or robbed of its alias.
        if let label { return label }
        guard let alias = try kernel.binder.alias() else { return InterfaceLabel() }
        if let label = InterfaceLabel(alias) { return label }
        let interface = kernel.binder.interface
        guard alias.isEmpty else { throw AddressError(.notOwned, .useInterface(interface)) }
        guard try kernel.binder.hasAddresses(besides: []) else { return InterfaceLabel() }
        guard interface != AddressBinder.defaultInterface else { return nil }
        throw AddressError(.notOwned, .useInterface(interface))
    }
}
