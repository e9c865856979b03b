internal import NIOConcurrencyHelpers

/// All objects, and how they came to be what they are.
///
/// Watches follow the history by themselves, each at its pace, so that a change costs the same for any number of them.
final class Store: Sendable {
    private let state = NIOLockedValueBox(State())

    /// Calls a function with the state, which no other thread can access meanwhile.
    func withState<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
        try state.withLockedValue(body)
    }
}

extension Store {
    /// A change of one object.
    struct Change: Sendable {
        let version: Int
        let resource: KubernetesTestServer.Resource
        let key: StoredObject.Key

        /// The object before the change; nil if it was created.
        let old: StoredObject?

        /// The object after the change; nil if it was deleted.
        let new: StoredObject?
    }

    /// The objects of a resource at a version.
    struct Snapshot {
        let version: Int
        let objects: [StoredObject]
    }

    struct State {
        /// The version of the newest change. As in a real cluster, it has begun before the first object.
        private(set) var version = 1000

        /// Before this version nothing is known any more.
        private(set) var oldestVersion = 1000

        /// How many changes are kept.
        var historyLimit = 200_000

        private(set) var history: [Change] = []
        private var objects: [KubernetesTestServer.Resource: [StoredObject.Key: StoredObject]] = [:]
        private var sortedKeys: [KubernetesTestServer.Resource: [StoredObject.Key]] = [:]
    }
}

extension Store.State {
    /// The version of the next change.
    var nextVersion: Int { version + 1 }

    func object(_ resource: KubernetesTestServer.Resource, _ key: StoredObject.Key) -> StoredObject? {
        objects[resource]?[key]
    }

    /// Creates or replaces an object, whose version is the next one.
    mutating func put(_ object: StoredObject) {
        let old = objects[object.resource, default: [:]].updateValue(object, forKey: object.key)
        if old == nil { sortedKeys[object.resource] = nil }
        record(Store.Change(version: nextVersion, resource: object.resource, key: object.key, old: old, new: object))
    }

    /// Deletes an object.
    ///
    /// - Returns: The object, or nil if there is none.
    mutating func remove(_ resource: KubernetesTestServer.Resource, _ key: StoredObject.Key) -> StoredObject? {
        guard let old = objects[resource]?.removeValue(forKey: key) else { return nil }
        sortedKeys[resource] = nil
        record(Store.Change(version: nextVersion, resource: resource, key: key, old: old, new: nil))
        return old
    }

    private mutating func record(_ change: Store.Change) {
        version = change.version
        history.append(change)
        // A half at once, so that the array is not moved at each change.
        if history.count >= 2 * historyLimit { forget(before: version - historyLimit) }
    }

    /// Forgets all changes up to a version.
    mutating func forget(before oldest: Int) {
        guard oldest > oldestVersion else { return }
        history.removeFirst(min(oldest - oldestVersion, history.count))
        oldestVersion = oldest
    }

    /// The changes after a version, up to a maximum number of them; nil if they are not all known any more.
    ///
    /// They are a copy: the history is copied as a whole when it grows while others hold a slice of it.
    func changes(after position: Int, maximum: Int) -> [Store.Change]? {
        guard position >= oldestVersion else { return nil }
        return Array(history.dropFirst(position - oldestVersion).prefix(maximum))
    }

    /// The current objects of a resource, in order.
    mutating func snapshot(of resource: KubernetesTestServer.Resource) -> Store.Snapshot {
        let current = objects[resource] ?? [:]
        let keys = sortedKeys[resource] ?? current.keys.sorted()
        sortedKeys[resource] = keys
        return Store.Snapshot(version: version, objects: keys.compactMap { current[$0] })
    }

    /// The objects of a resource as they were at a version, in order; nil if it is too old.
    func snapshot(of resource: KubernetesTestServer.Resource, at past: Int) -> Store.Snapshot? {
        guard past >= oldestVersion else { return nil }
        var objects = objects[resource] ?? [:]
        for change in history.dropFirst(past - oldestVersion).reversed() where change.resource == resource {
            objects[change.key] = change.old
        }
        return Store.Snapshot(version: past, objects: objects.sorted { $0.key < $1.key }.map(\.value))
    }
}
