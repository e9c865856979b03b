internal import NIOConcurrencyHelpers
internal import NIOCore

// The objects.
extension KubernetesTestServer {
    /// The version of the newest change.
    public var resourceVersion: Int { core.store.withState(\.version) }

    /// Creates or updates an object, and fills in the metadata that a server does. Nothing else is looked at, so that objects
    /// can have any form.
    ///
    /// - Returns: The object's version.
    /// - Throws: An error if the object has no kind that the server has, or no name.
    @discardableResult
    public func apply(_ object: JSON) throws -> Int {
        let resource = try Self.resource(of: object)
        return try core.write { try $0.applyWithTwin(object, of: resource) }.version
    }

    /// Creates or updates an object that is given as JSON text.
    ///
    /// - Returns: The object's version.
    /// - Throws: An error if the text is not JSON, or if the object has no kind that the server has, or no name.
    @discardableResult
    public func apply(text: String) throws -> Int { try apply(JSON(parsing: text)) }

    /// Updates objects in turn, a number of times, faster than ``apply(_:)`` can: each of the given states is serialized once.
    ///
    ///     try server.update(with: [SampleObjects.endpointSlice(0, endpoints: 5), …], times: 10_000)
    ///
    /// - Parameters:
    ///   - states: The states that objects take, one after the other, and then anew. Neighbors that are states of one object
    ///     should differ, since each update is an event.
    ///   - times: How many updates there are.
    /// - Throws: An error if an object has no kind that the server has, or does not exist.
    public func update(with states: [JSON], times: Int) throws {
        let prepared = try states.map { state in
            let resource = try Self.resource(of: state)
            let metadata = state["metadata"]
            let key = StoredObject.Key(
                namespace: resource.isNamespaced ? metadata?["namespace"]?.string ?? "default" : "",
                name: metadata?["name"]?.string ?? ""
            )
            guard let old = core.store.withState({ $0.object(resource, key) }) else {
                throw Failure("there is no \(resource.kind) \(key.namespace)/\(key.name)")
            }
            return StoredObject(resource, key, state, birth: old.birth, version: 0)
        }
        for index in 0..<times {
            core.write { $0.put(prepared[index % prepared.count].with(version: $0.nextVersion)) }
        }
    }

    /// Creates or updates many objects.
    ///
    /// - Throws: An error if an object has no kind that the server has, or no name. The objects before it are stored.
    public func load(_ objects: some Sequence<JSON>) throws {
        for object in objects {
            let resource = try Self.resource(of: object)
            _ = try core.write { try $0.apply(object, of: resource) }
        }
    }

    /// Changes an object.
    ///
    /// - Throws: An error if there is no such object.
    public func edit(
        _ resource: Resource,
        _ name: String,
        namespace: String = "default",
        _ change: (inout JSON) throws -> Void
    ) throws {
        let key = StoredObject.Key(namespace: resource.isNamespaced ? namespace : "", name: name)
        _ = try core.write { state in
            guard var object = state.object(resource, key)?.json else {
                throw Failure("there is no \(resource.kind) \(namespace)/\(name)")
            }
            try change(&object)
            return try state.applyWithTwin(object, of: resource)
        }
    }

    /// Deletes an object.
    ///
    /// - Returns: Whether there was one.
    @discardableResult
    public func delete(_ resource: Resource, _ name: String, namespace: String = "default") -> Bool {
        let key = StoredObject.Key(namespace: resource.isNamespaced ? namespace : "", name: name)
        return core.write { $0.removeWithTwin(resource, key) } != nil
    }

    /// All objects of a resource, in the order of lists.
    public func objects(of resource: Resource) -> [JSON] {
        core.store.withState { $0.snapshot(of: resource) }.objects.map(\.json)
    }

    /// The versions of all objects of a resource, by namespace and name, such as `default/web`. A client's store is equal to the
    /// server's if it has these.
    public func versions(of resource: Resource) -> [String: String] {
        let objects = core.store.withState { $0.snapshot(of: resource) }.objects
        return Dictionary(
            uniqueKeysWithValues: objects.map { object in
                let key = object.key
                return (key.namespace.isEmpty ? key.name : "\(key.namespace)/\(key.name)", "\(object.version)")
            }
        )
    }

    /// Sets what `kubectl logs` prints for a pod of any namespace.
    public func setLog(_ text: String, ofPod name: String) {
        core.settings.withLockedValue { $0.logs[name] = text }
    }

    /// Forgets all history: watches and pages of older versions have expired from now on.
    public func compact() { core.write { $0.forget(before: $0.version) } }

    /// Limits how many changes are kept.
    public func setHistoryLimit(_ limit: Int) { core.write { $0.historyLimit = max(1, limit) } }

    private static func resource(of object: JSON) throws -> Resource {
        let (version, kind) = (object["apiVersion"]?.string ?? "", object["kind"]?.string ?? "")
        guard let resource = Resource.all.first(where: { ($0.apiVersion, $0.kind) == (version, kind) }) else {
            throw Failure("the server has no objects with apiVersion \"\(version)\" and kind \"\(kind)\"")
        }
        return resource
    }
}
