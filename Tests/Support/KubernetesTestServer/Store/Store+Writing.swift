internal import Foundation

extension Store.State {
    /// Creates or updates an object, with the metadata that a server fills in. An update that changes nothing keeps the version.
    ///
    /// - Throws: ``APIStatus`` if the object has no name.
    mutating func apply(_ object: JSON, of resource: KubernetesTestServer.Resource) throws -> StoredObject {
        let metadata = object["metadata"]
        let generatedName = metadata?["generateName"]?.string.map { $0 + Self.randomSuffix() }
        guard let name = metadata?["name"]?.string ?? generatedName, !name.isEmpty else {
            throw APIStatus.invalid(
                resource,
                name: "",
                "metadata.name: Required value: name or generateName is required"
            )
        }
        let namespace = resource.isNamespaced ? metadata?["namespace"]?.string ?? "default" : ""
        let key = StoredObject.Key(namespace: namespace, name: name)
        guard let old = self.object(resource, key) else {
            let new = StoredObject(
                resource,
                key,
                object,
                birth: StoredObject.Birth(
                    uid: metadata?["uid"]?.string ?? UUID().uuidString.lowercased(),
                    creationTimestamp: metadata?["creationTimestamp"]?.string ?? Date.now.ISO8601Format(),
                    generation: resource.hasGeneration ? 1 : nil
                ),
                version: nextVersion
            )
            put(new)
            return new
        }
        var new = StoredObject(resource, key, object, birth: old.birth, version: nextVersion)
        if let generation = old.birth.generation, !old.hasSameIntent(as: new) {
            var birth = old.birth
            birth.generation = generation + 1
            new = StoredObject(resource, key, object, birth: birth, version: nextVersion)
        }
        if old.hasSameContent(as: new) { return old }
        put(new)
        return new
    }

    private static func randomSuffix() -> String {
        String((0..<5).compactMap { _ in "bcdfghjklmnpqrstvwxz2456789".randomElement() })
    }
}

extension KubernetesTestServer.Resource {
    /// Whether a real server counts the changes of what the objects say besides metadata.
    fileprivate var hasGeneration: Bool { self == .endpointSlices }
}
