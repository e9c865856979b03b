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
    /// - Returns: What it changes, deletions first, so that a name or an address is free before another object gets it. It is
    ///   found out while it is iterated over, as a first list is all additions, and there are many.
    mutating func replace(
        with listed: [ObjectName: Object],
        unreadable: [UnreadableObject]
    ) -> (deletions: [Object], others: some Sequence<InformerEvent<Object>>) {
        let known = objects
        objects = listed
        var deletions: [Object] = []
        let isAnyUnreadable = unreadable.contains { $0.name == nil }
        let unreadable = Set(unreadable.compactMap(\.name))
        for name in known.keys.sorted() where listed[name] == nil {
            guard let object = known[name] else { continue }
            if isAnyUnreadable || unreadable.contains(name) {
                objects[name] = object
            } else {
                deletions.append(object)
            }
        }
        let others = listed.lazy.compactMap { name, object in
            InformerEvent(from: known[name], to: object)
        }
        return (deletions, others)
    }

    private mutating func remove(_ name: ObjectName) -> InformerEvent<Object>? {
        objects.removeValue(forKey: name).map(InformerEvent.deleted)
    }

    private mutating func put(_ object: Object) -> InformerEvent<Object>? {
        InformerEvent(from: objects.updateValue(object, forKey: object.name), to: object)
    }
}

extension InformerEvent {
    /// The event of an object that is known to exist; nil if it was known just so.
    fileprivate init?(from old: Object?, to new: Object) {
        guard let old else {
            self = .added(new)
            return
        }
        guard old != new else { return nil }
        self = .updated(from: old, to: new)
    }
}
