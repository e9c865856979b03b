// The reports of a control plane. Each is recorded, and the call returns. A sync is requested if the object differs.

extension Proxier {
    /// Reports a service that was added, or is in the first list.
    public func onServiceAdd(_ service: ServiceDefinition) { recordService(state.update(service)) }

    /// Reports a service that was changed.
    public func onServiceUpdate(_ old: ServiceDefinition, _ new: ServiceDefinition) {
        if old.name != new.name { onServiceDelete(old) }
        recordService(state.update(new))
    }

    /// Reports a service that was deleted.
    public func onServiceDelete(_ service: ServiceDefinition) { recordService(state.deleteService(service.name)) }

    /// Reports that the first list of services is complete.
    public func onServiceSynced() {
        areServicesSynced = true
        requestSync()
    }

    /// Reports an endpoint slice that was added, or is in the first list.
    public func onEndpointSliceAdd(_ slice: EndpointSlice) { recordSlice(state.update(slice)) }

    /// Reports an endpoint slice that was changed.
    public func onEndpointSliceUpdate(_ old: EndpointSlice, _ new: EndpointSlice) {
        if old.name != new.name { onEndpointSliceDelete(old) }
        recordSlice(state.update(new))
    }

    /// Reports an endpoint slice that was deleted.
    public func onEndpointSliceDelete(_ slice: EndpointSlice) { recordSlice(state.deleteSlice(slice.name)) }

    /// Reports that the first list of endpoint slices is complete.
    public func onEndpointSliceSynced() {
        areSlicesSynced = true
        requestSync()
    }

    /// Whether both first lists are complete. Before that, syncs do nothing.
    public var isSynced: Bool { areServicesSynced && areSlicesSynced }

    private func recordService(_ isChange: Bool) {
        metrics.queued(services: state.services.pendingCount)
        guard isChange else { return }
        metrics.reportedService()
        requestSync()
    }

    private func recordSlice(_ isChange: Bool) {
        metrics.queued(slices: state.slices.pendingCount)
        guard isChange else { return }
        metrics.reportedSlice()
        requestSync()
    }

    /// Requests a sync, if it could do something.
    private func requestSync() {
        waitingSince = waitingSince ?? now()
        guard isSynced else { return }
        health.queued(at: now())
        runner.run()
    }
}
