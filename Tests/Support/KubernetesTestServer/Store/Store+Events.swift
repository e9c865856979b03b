extension Store.State {
    /// Creates or updates an object, and if it is an event, its form in the other group too.
    mutating func applyWithTwin(
        _ object: JSON,
        of resource: KubernetesTestServer.Resource
    ) throws -> StoredObject {
        let stored = try apply(object, of: resource)
        if let twin = resource.twin { _ = try apply(stored.json.renamingEventFields(for: twin), of: twin) }
        return stored
    }

    /// Deletes an object, and if it is an event, its form in the other group too.
    mutating func removeWithTwin(
        _ resource: KubernetesTestServer.Resource,
        _ key: StoredObject.Key
    ) -> StoredObject? {
        if let twin = resource.twin { _ = remove(twin, key) }
        return remove(resource, key)
    }
}

extension KubernetesTestServer.Resource {
    /// The same objects in another group.
    fileprivate var twin: Self? {
        switch self {
        case .events: .coreEvents
        case .coreEvents: .events
        default: nil
        }
    }
}

extension JSON {
    /// An event in the form of the other group.
    fileprivate func renamingEventFields(for resource: KubernetesTestServer.Resource) -> JSON {
        let names = [
            ("regarding", "involvedObject"), ("note", "message"), ("reportingController", "reportingComponent"),
            ("deprecatedSource", "source"), ("deprecatedFirstTimestamp", "firstTimestamp"),
            ("deprecatedLastTimestamp", "lastTimestamp"), ("deprecatedCount", "count"),
        ]
        var event = self
        for (name, coreName) in names {
            let (from, to) = resource == .coreEvents ? (name, coreName) : (coreName, name)
            if let value = event[from] { event[to] = value }
            event[from] = nil
        }
        return event
    }
}
