/// The objects of one kind that are known, and how they differ from what a server says.
struct ObjectStore<Object: KubernetesObject>: Sendable {
    private(set) var objects: [ObjectName: Object] = [:]

    /// Takes in an event of a watch.
    ///
    /// - Returns: What it changes; nil if that is nothing, such as an object that is known already.
    mutating func apply(_ event: WatchEvent<Object>) -> InformerEvent<Object>? {
        switch event {
        case .added(let object), .modified(let object): put(object)
        case .deleted(let object): remove(object.name)
        // An object that is gone needs no more than its name. Others stay as they were, as nothing better is known of them.
        case .unreadable(let object): object.isDeleted ? object.name.flatMap { remove($0) } : nil
        case .bookmark: nil
        }
    }

    /// Takes in a full list.
    ///
    /// - Parameters:
    ///   - listed: The objects of the list.
    ///   - unreadable: Objects of the list that can't be read. Those that are known stay as they were. If one of them has not
    ///     even a name, it can be any of those that are not listed, and all of them stay.
    /// - Returns: What it changes, deletions first, so that a name or an address is free before another object gets it.
    mutating func replace(
        with listed: [ObjectName: Object],
        unreadable: [UnreadableObject]
    ) -> [InformerEvent<Object>] {
        var events: [InformerEvent<Object>] = []
        if !unreadable.contains(where: { $0.name == nil }) {
            let unreadable = Set(unreadable.compactMap(\.name))
            for name in objects.keys.sorted() where listed[name] == nil && !unreadable.contains(name) {
                if let object = objects.removeValue(forKey: name) { events.append(.deleted(object)) }
            }
        }
        objects.reserveCapacity(listed.count)
        for object in listed.values {
            if let event = put(object) { events.append(event) }
        }
        return events
    }

    private mutating func remove(_ name: ObjectName) -> InformerEvent<Object>? {
        objects.removeValue(forKey: name).map(InformerEvent.deleted)
    }

    private mutating func put(_ object: Object) -> InformerEvent<Object>? {
        guard let old = objects.updateValue(object, forKey: object.name) else { return .added(object) }
        return old == object ? nil : .updated(from: old, to: object)
    }
}
