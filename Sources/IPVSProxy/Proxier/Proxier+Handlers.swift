// What a control plane tells. Each call notes it and returns; a sync is asked for where something is otherwise than before.

extension Proxier {
    /// A service was added, or is in the first list.
    public func onServiceAdd(_ service: ServiceDefinition) { noteService(state.update(service)) }

    /// A service was changed.
    public func onServiceUpdate(_ old: ServiceDefinition, _ new: ServiceDefinition) {
        if old.name != new.name { onServiceDelete(old) }
        noteService(state.update(new))
    }

    /// A service was deleted.
    public func onServiceDelete(_ service: ServiceDefinition) { noteService(state.deleteService(service.name)) }

    /// All services that there were at the beginning have been told.
    public func onServiceSynced() {
        areServicesSynced = true
        ask()
    }

    /// A slice was added, or is in the first list.
    public func onEndpointSliceAdd(_ slice: EndpointSlice) { noteSlice(state.update(slice)) }

    /// A slice was changed.
    public func onEndpointSliceUpdate(_ old: EndpointSlice, _ new: EndpointSlice) {
        if old.name != new.name { onEndpointSliceDelete(old) }
        noteSlice(state.update(new))
    }

    /// A slice was deleted.
    public func onEndpointSliceDelete(_ slice: EndpointSlice) { noteSlice(state.deleteSlice(slice.name)) }

    /// All endpoint slices that there were at the beginning have been told.
    public func onEndpointSliceSynced() {
        areSlicesSynced = true
        ask()
    }

    /// Whether both first lists have been told, so that syncs do something.
    public var isSynced: Bool { areServicesSynced && areSlicesSynced }

    private func noteService(_ isChange: Bool) {
        metrics.queued(services: state.services.pendingCount)
        guard isChange else { return }
        metrics.toldService()
        ask()
    }

    private func noteSlice(_ isChange: Bool) {
        metrics.queued(slices: state.slices.pendingCount)
        guard isChange else { return }
        metrics.toldSlice()
        ask()
    }

    /// Asks for a sync, if one could do something.
    private func ask() {
        waitingSince = waitingSince ?? now()
        guard isSynced else { return }
        health.queued(at: now())
        runner.run()
    }
}
