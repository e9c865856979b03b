/// Collects the changes of a control plane's objects, such as services, until they are merged.
///
/// Changes are collected object by object: of several changes the newest counts, and a change that was undone is none. A
/// merge takes all of them at once.
///
///     var services = ChangeTracker<ServiceDefinition>()
///     if services.update(web) { runner.run() }
///     for change in services.merge() { … }
package struct ChangeTracker<Object: TrackedObject>: Sendable {
    /// All objects as of the last merge.
    package private(set) var objects: [NamespacedName: Object] = [:]

    /// The newest values of the objects that were added or changed since. Their previous values are in `objects`, which nothing
    /// but a merge changes.
    private var updated: [NamespacedName: Object] = [:]

    /// The objects that were deleted since.
    private var deleted: Set<NamespacedName> = []

    /// The changes that the next merge makes, in order of the objects' names.
    var pending: [ObjectChange<Object>] {
        let names = (Array(updated.keys) + deleted).sorted()
        return names.map { ObjectChange(previous: objects[$0], current: updated[$0]) }
    }

    /// A tracker without objects.
    package init() {}

    /// How many objects differ from the last merge.
    package var pendingCount: Int { updated.count + deleted.count }

    /// Records that an object was added or changed.
    ///
    /// - Returns: Whether it differs from the last merge.
    @discardableResult
    package mutating func update(_ object: Object) -> Bool {
        deleted.remove(object.name)
        if objects[object.name] == object {
            updated.removeValue(forKey: object.name)
            return false
        }
        updated.updateValue(object, forKey: object.name)
        return true
    }

    /// Records that an object was deleted.
    ///
    /// - Returns: Whether it existed at the last merge.
    @discardableResult
    package mutating func delete(_ name: NamespacedName) -> Bool {
        updated.removeValue(forKey: name)
        guard objects[name] != nil else { return false }
        deleted.insert(name)
        return true
    }

    /// Merges the changes into the objects.
    ///
    /// - Returns: The changes, one for each object that differs from the last merge.
    package mutating func merge() -> [ObjectChange<Object>] {
        var changes: [ObjectChange<Object>] = []
        merge { changes.append($0) }
        return changes
    }

    /// Merges the changes into the objects, and calls `body` with each of them, so that they are not all held at once.
    mutating func merge(_ body: (ObjectChange<Object>) -> Void) {
        if objects.isEmpty {
            // The first list is as large as everything that follows, and need not be copied.
            swap(&objects, &updated)
            for object in objects.values { body(ObjectChange(previous: nil, current: object)) }
            return
        }
        for (name, object) in updated {
            body(ObjectChange(previous: objects.updateValue(object, forKey: name), current: object))
        }
        for name in deleted { body(ObjectChange(previous: objects.removeValue(forKey: name), current: nil)) }
        updated.removeAll()
        deleted.removeAll()
    }
}

/// An object of a control plane, which is identified by its name.
package protocol TrackedObject: Hashable, Sendable {
    /// The name of the object, which no other object of its kind has.
    var name: NamespacedName { get }
}

extension ServiceDefinition: TrackedObject {}
extension EndpointSlice: TrackedObject {}

/// How an object has changed between two merges. The two values differ.
package struct ObjectChange<Object: TrackedObject>: Sendable {
    /// The object as it was; nil if it was added.
    package let previous: Object?

    /// The object as it is; nil if it was deleted.
    package let current: Object?
}
