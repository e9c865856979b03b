import IPVSProxy
import KubernetesAPI

/// An endpoint slice, and what was reported of it to the proxier.
struct KnownSlice {
    /// The object, which is read again when the node's zone changes.
    var object: DiscoveryV1.EndpointSlice

    /// The endpoints, before those of wrong ports are left out.
    var read: ReadSlice

    /// What is not served of it, whatever its service is.
    var notes: [Note]

    /// What was reported.
    var reported: EndpointSlice
}

// Services and endpoint slices.
extension ClusterFeed {
    func take(_ event: InformerEvent<CoreV1.Service>) {
        switch event {
        case .added(let service), .updated(_, let service):
            let reading = reader.service(service)
            if events != nil { serviceUIDs[NamespacedName(service.name)] = service.metadata.uid }
            note(reading.notes, of: "Service \(service.name)", service: NamespacedName(service.name))
            tell(NamespacedName(service.name), reading.value)
        case .deleted(let service):
            note([], of: "Service \(service.name)")
            tell(NamespacedName(service.name), nil)
            serviceUIDs[NamespacedName(service.name)] = nil
        case .synced: proxier.assumeIsolated { $0.onServiceSynced() }
        }
    }

    func take(_ event: InformerEvent<DiscoveryV1.EndpointSlice>) {
        switch event {
        case .added(let slice): tell(slice, triggeredAt: trigger(of: slice))
        case .updated(let old, let new):
            let isNew = old.triggerTime != new.triggerTime
            tell(new, triggeredAt: isNew ? trigger(of: new) : nil)
        case .deleted(let slice):
            note([], of: "EndpointSlice \(slice.name)")
            forget(NamespacedName(slice.name))
        case .synced: proxier.assumeIsolated { $0.onEndpointSliceSynced() }
        }
    }

    /// Reports a service; nil if the node doesn't serve it, or no longer does.
    private func tell(_ name: NamespacedName, _ service: ServiceDefinition?) {
        let old = services[name]
        services[name] = service
        proxier.assumeIsolated { proxier in
            switch (old, service) {
            case (let old?, let service?): proxier.onServiceUpdate(old, service)
            case (nil, let service?): proxier.onServiceAdd(service)
            case (let old?, nil): proxier.onServiceDelete(old)
            case (nil, nil): break
            }
        }
        guard let service, old?.ports.mapValues(\.transport) != service.ports.mapValues(\.transport) else { return }
        // Which ports of its slices are meant depends on the protocols of its own.
        for slice in slicesOfService[name] ?? [] { match(slice) }
    }

    /// Reports a slice, or that it is gone if it is no longer of a service that the node serves.
    func tell(_ object: DiscoveryV1.EndpointSlice, triggeredAt trigger: ContinuousClock.Instant?) {
        let name = NamespacedName(object.name)
        let reading = reader.slice(object)
        guard let read = reading.value else {
            note(reading.notes, of: "EndpointSlice \(object.name)")
            return forget(name)
        }
        let service = read.slice.service
        let (slice, mismatches) = read.matching(services[service])
        note(reading.notes + mismatches, of: "EndpointSlice \(object.name)", service: service)
        let known = KnownSlice(object: object, read: read, notes: reading.notes, reported: slice)
        let old = slices.updateValue(known, forKey: name)
        if let old, old.reported.service != service { unlink(name, from: old.reported.service) }
        slicesOfService[service, default: []].insert(name)
        proxier.assumeIsolated { proxier in
            if let old {
                proxier.onEndpointSliceUpdate(old.reported, slice, triggeredAt: trigger)
            } else {
                proxier.onEndpointSliceAdd(slice, triggeredAt: trigger)
            }
        }
    }

    /// Reports a slice as it is for its service now.
    private func match(_ name: NamespacedName) {
        guard let known = slices[name] else { return }
        let (slice, mismatches) = known.read.matching(services[known.reported.service])
        note(known.notes + mismatches, of: "EndpointSlice \(known.object.name)", service: known.reported.service)
        guard slice != known.reported else { return }
        slices[name]?.reported = slice
        proxier.assumeIsolated { $0.onEndpointSliceUpdate(known.reported, slice, triggeredAt: nil) }
    }

    private func forget(_ name: NamespacedName) {
        guard let old = slices.removeValue(forKey: name) else { return }
        unlink(name, from: old.reported.service)
        proxier.assumeIsolated { $0.onEndpointSliceDelete(old.reported) }
    }

    private func unlink(_ slice: NamespacedName, from service: NamespacedName) {
        slicesOfService[service]?.remove(slice)
        if slicesOfService[service]?.isEmpty == true { slicesOfService[service] = nil }
    }
}

extension NamespacedName {
    init(_ name: ObjectName) { self.init(name.namespace, name.name) }
}
