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
    ///
    /// - Parameters:
    ///   - slice: The slice.
    ///   - trigger: When the change happened that the slice shows, such as a pod that became ready. The metric
    ///     `network_programming_duration_seconds` counts from there; nil if it is not known, and not counted.
    public func onEndpointSliceAdd(_ slice: EndpointSlice, triggeredAt trigger: ContinuousClock.Instant? = .now) {
        recordSlice(state.update(slice), trigger)
    }

    /// Reports an endpoint slice that was changed.
    ///
    /// - Parameters:
    ///   - old: The slice as it was.
    ///   - new: The slice.
    ///   - trigger: When the change happened that the slice shows; nil if it is not known.
    public func onEndpointSliceUpdate(
        _ old: EndpointSlice,
        _ new: EndpointSlice,
        triggeredAt trigger: ContinuousClock.Instant? = .now
    ) {
        if old.name != new.name { onEndpointSliceDelete(old) }
        recordSlice(state.update(new), trigger)
    }

    /// Reports an endpoint slice that was deleted.
    public func onEndpointSliceDelete(_ slice: EndpointSlice) { recordSlice(state.deleteSlice(slice.name), nil) }

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

    private func recordSlice(_ isChange: Bool, _ trigger: Instant?) {
        metrics.queued(slices: state.slices.pendingCount)
        // What is undone before a sync takes it is not programmed.
        if state.slices.pendingCount == 0 { triggers.removeAll() }
        guard isChange else { return }
        // How old the first lists are says nothing of this proxier.
        if isSynced, let trigger { triggers.append(trigger) }
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
