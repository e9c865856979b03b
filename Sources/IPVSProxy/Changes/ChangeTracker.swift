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

    /// The newest values of the objects that changed since; nil is one that was deleted. The first previous value of each
    /// is the one among the objects, where nothing else changes it.
    private var pending: [NamespacedName: Object?] = [:]

    /// A tracker without objects.
    public init() {}

    /// How many objects are now otherwise than at the last merge.
    public var pendingCount: Int { pending.count }

    /// Takes note of an object that was added or changed.
    ///
    /// - Returns: Whether it is now otherwise than at the last merge, so that there is something to do.
    @discardableResult
    public mutating func update(_ object: Object) -> Bool { note(object, for: object.name) }

    /// Takes note that an object was deleted.
    ///
    /// - Returns: Whether it was there at the last merge, so that there is something to do.
    @discardableResult
    public mutating func delete(_ name: NamespacedName) -> Bool { note(nil, for: name) }

    private mutating func note(_ object: Object?, for name: NamespacedName) -> Bool {
        if objects[name] == object {
            pending.removeValue(forKey: name)
            return false
        }
        pending.updateValue(object, forKey: name)
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
        if objects.isEmpty { objects.reserveCapacity(pending.count) }
        for (name, object) in pending {
            let previous =
                if let object { objects.updateValue(object, forKey: name) } else { objects.removeValue(forKey: name) }
            body(ObjectChange(previous: previous, current: object))
        }
        pending.removeAll()
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
