internal import NIOCore
internal import NIOHTTP1

/// Reads and changes one object.
struct Writes {
    let core: Core
    let request: APIRequest
    let target: APIRequest.Target

    private var resource: KubernetesTestServer.Resource { target.resource }

    func answer() throws -> HTTPAnswer {
        guard let name = target.name else {
            // An object of a namespace can only be created in one.
            guard request.verb == "create", !resource.isNamespaced || target.namespace != nil else {
                throw APIStatus.methodNotAllowed
            }
            return try create()
        }
        let key = StoredObject.Key(namespace: target.namespace ?? "", name: name)
        switch request.verb {
        case "get":
            return HTTPAnswer(json: try existing(key, in: core.store.withState { $0.object(resource, key) }).bytes)
        case "update": return try update(key)
        case "patch": return try patch(key)
        case "delete": return try delete(key)
        default: throw APIStatus.methodNotAllowed
        }
    }

    private func create() throws -> HTTPAnswer {
        var object = try body()
        place(&object, name: nil)
        let defaulted = ServiceDefaults.apply(to: object, of: resource)
        let stored = try core.write { state in
            let metadata = object["metadata"]
            let name = metadata?["name"]?.string ?? ""
            let key = StoredObject.Key(namespace: target.namespace ?? "", name: name)
            guard state.object(resource, key) == nil else { throw APIStatus.alreadyExists(resource, name: name) }
            return try state.applyWithTwin(defaulted, of: resource)
        }
        return HTTPAnswer(status: .created, json: stored.bytes)
    }

    private func update(_ key: StoredObject.Key) throws -> HTTPAnswer {
        var object = try body()
        place(&object, name: key.name)
        return try write(key) { _ in object }
    }

    private func patch(_ key: StoredObject.Key) throws -> HTTPAnswer {
        let patch = try JSON(parsing: request.body)
        let type = request.headers["content-type"]?.prefix { $0 != ";" } ?? ""
        return try write(key) { old in
            switch type {
            case "application/merge-patch+json": old.merging(patch)
            case "application/strategic-merge-patch+json": old.strategicallyMerging(patch)
            default:
                throw APIStatus(
                    code: 415,
                    reason: "UnsupportedMediaType",
                    message: "the body of the request was in an unknown format - accepted media types include: "
                        + "application/merge-patch+json, application/strategic-merge-patch+json"
                )
            }
        }
    }

    /// Replaces an object, if it still has the version that the new one says.
    private func write(_ key: StoredObject.Key, _ change: (JSON) throws -> JSON) throws -> HTTPAnswer {
        let stored = try core.write { state in
            let old = try existing(key, in: state.object(resource, key))
            var new = try change(old.json)
            if let version = new["metadata"]?["resourceVersion"]?.string, !version.isEmpty, version != "\(old.version)"
            {
                throw APIStatus.conflict(resource, name: key.name)
            }
            place(&new, name: key.name)
            return try state.applyWithTwin(new, of: resource)
        }
        return HTTPAnswer(json: stored.bytes)
    }

    private func delete(_ key: StoredObject.Key) throws -> HTTPAnswer {
        let old = try core.write { state in
            try existing(key, in: state.removeWithTwin(resource, key))
        }
        var details: JSON = [
            "name": .string(key.name), "kind": .string(resource.plural), "uid": .string(old.birth.uid),
        ]
        if !resource.group.isEmpty { details["group"] = .string(resource.group) }
        return HTTPAnswer(
            json: ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "details": details]
        )
    }

    private func existing(_ key: StoredObject.Key, in object: StoredObject?) throws -> StoredObject {
        guard let object else { throw APIStatus.notFound(resource, name: key.name) }
        return object
    }

    /// The object in the body of the request.
    private func body() throws -> JSON {
        guard let object = try? JSON(parsing: request.body), case .object = object else {
            throw APIStatus.badRequest(
                "the object provided is unrecognized (must be of type \(resource.kind)): couldn't get version/kind; "
                    + "json parse error (\(request.body.prefix(100)))"
            )
        }
        let kind = object["kind"]?.string ?? resource.kind
        guard kind == resource.kind else {
            throw APIStatus.badRequest("\(kind) in version \"v1\" cannot be handled as a \(resource.kind)")
        }
        return object
    }

    /// Puts an object where the path says.
    private func place(_ object: inout JSON, name: String?) {
        var metadata = object["metadata"] ?? [:]
        if let name { metadata["name"] = .string(name) }
        if let namespace = target.namespace { metadata["namespace"] = .string(namespace) }
        object["metadata"] = metadata
    }
}
