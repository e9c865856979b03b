/// Keeps what a control plane told of its objects, such as services, until there is time for it.
///
/// What came is put together object by object: of several changes the newest counts, and a change that was undone is
/// none. A merge takes all of them at once.
///
///     var services = ChangeTracker<ServiceDefinition>()
///     if services.update(web) { runner.run() }
///     for change in services.merge() { … }
public struct ChangeTracker<Object: TrackedObject>: Sendable {
    /// All objects, as they were at the last merge.
    public private(set) var objects: [NamespacedName: Object] = [:]

    /// The newest values of the objects that were added or changed since. The first previous value of each is the one
    /// among the objects, where nothing else changes it.
    private var updated: [NamespacedName: Object] = [:]

    /// The objects that were deleted since.
    private var deleted: Set<NamespacedName> = []

    /// A tracker without objects.
    public init() {}

    /// How many objects are now otherwise than at the last merge.
    public var pendingCount: Int { updated.count + deleted.count }

    /// Takes note of an object that was added or changed.
    ///
    /// - Returns: Whether it is now otherwise than at the last merge, so that there is something to do.
    @discardableResult
    public mutating func update(_ object: Object) -> Bool {
        deleted.remove(object.name)
        if objects[object.name] == object {
            updated.removeValue(forKey: object.name)
            return false
        }
        updated.updateValue(object, forKey: object.name)
        return true
    }

    /// Takes note that an object was deleted.
    ///
    /// - Returns: Whether it was there at the last merge, so that there is something to do.
    @discardableResult
    public mutating func delete(_ name: NamespacedName) -> Bool {
        updated.removeValue(forKey: name)
        guard objects[name] != nil else { return false }
        deleted.insert(name)
        return true
    }

    /// Merges what has changed into the objects.
    ///
    /// - Returns: The changes, one for each object that is otherwise than before.
    public mutating func merge() -> [ObjectChange<Object>] {
        var changes: [ObjectChange<Object>] = []
        merge { changes.append($0) }
        return changes
    }

    /// Merges what has changed into the objects, and calls `body` with each of the changes, which need not all be held then.
    mutating func merge(_ body: (ObjectChange<Object>) -> Void) {
        if objects.isEmpty {
            // The first list is as large as all that comes later, and need not be copied.
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

/// An object that a control plane tells of by its name.
public protocol TrackedObject: Hashable, Sendable {
    /// What tells the object from all others of its kind.
    var name: NamespacedName { get }
}

extension ServiceDefinition: TrackedObject {}
extension EndpointSlice: TrackedObject {}

/// How an object has changed between two merges; the two values differ.
public struct ObjectChange<Object: TrackedObject>: Sendable {
    /// The object as it was; nil if there was none.
    public let previous: Object?

    /// The object as it is; nil if it was deleted.
    public let current: Object?
}
