internal import NIOCore

/// An object of the store, as the bytes that are sent.
final class StoredObject: Sendable {
    /// What tells the object from the others of its resource.
    struct Key: Hashable, Comparable, Sendable {
        let namespace: String
        let name: String

        /// The order of a real server's lists, which is that of its keys in etcd.
        static func < (a: Key, b: Key) -> Bool {
            (a.namespace, a.name) < (b.namespace, b.name)
        }
    }

    /// What a server fills in when an object is created, and counts.
    struct Birth: Sendable {
        let uid: String
        let creationTimestamp: String
        var generation: Int?
    }

    let resource: KubernetesTestServer.Resource
    let key: Key
    let birth: Birth
    let labels: [String: String]

    /// The version, which is not among the bytes, so that two versions can be compared, and one made of the other.
    let version: Int

    // The members of the object, up to the version and after it.
    private let beforeVersion: ByteBuffer
    private let afterVersion: ByteBuffer

    /// An object, whose metadata is completed.
    init(_ resource: KubernetesTestServer.Resource, _ key: Key, _ object: JSON, birth: Birth, version: Int) {
        self.resource = resource
        self.key = key
        self.birth = birth
        self.version = version
        var metadata = object["metadata"]?.object ?? [:]
        labels = metadata["labels"]?.strings ?? [:]
        metadata["name"] = .string(key.name)
        metadata["namespace"] = resource.isNamespaced ? .string(key.namespace) : nil
        metadata["uid"] = .string(birth.uid)
        metadata["creationTimestamp"] = .string(birth.creationTimestamp)
        if let generation = birth.generation { metadata["generation"] = .integer(generation) }
        metadata["resourceVersion"] = nil
        var text = "\"metadata\":{"
        JSON.write(metadata, to: &text)
        beforeVersion = ByteBuffer(string: text + ",\"resourceVersion\":\"")
        var members = object.object ?? [:]
        for name in ["metadata", "kind", "apiVersion"] { members[name] = nil }
        text = members.isEmpty ? "\"}" : "\"},"
        JSON.write(members, to: &text)
        afterVersion = ByteBuffer(string: text + "}")
    }

    private init(_ object: StoredObject, version: Int) {
        resource = object.resource
        key = object.key
        birth = object.birth
        labels = object.labels
        self.version = version
        beforeVersion = object.beforeVersion
        afterVersion = object.afterVersion
    }

    /// The same object with another version.
    func with(version: Int) -> StoredObject { StoredObject(self, version: version) }

    /// Whether only the versions differ.
    func hasSameContent(as other: StoredObject) -> Bool {
        beforeVersion == other.beforeVersion && hasSameIntent(as: other)
    }

    /// Whether only the metadata differs.
    func hasSameIntent(as other: StoredObject) -> Bool { afterVersion == other.afterVersion }

    /// Appends the object as it is in a list, where a server leaves out the kind.
    func writeItem(to buffer: inout ByteBuffer) {
        buffer.writeStaticString("{")
        writeMembers(to: &buffer)
    }

    /// Appends the object with its kind.
    func write(to buffer: inout ByteBuffer) {
        buffer.writeString("{\"kind\":\"\(resource.kind)\",\"apiVersion\":\"\(resource.apiVersion)\",")
        writeMembers(to: &buffer)
    }

    private func writeMembers(to buffer: inout ByteBuffer) {
        buffer.writeImmutableBuffer(beforeVersion)
        buffer.writeString(String(version))
        buffer.writeImmutableBuffer(afterVersion)
    }

    /// The object with its kind, as bytes.
    var bytes: ByteBuffer {
        var buffer = ByteBuffer()
        write(to: &buffer)
        return buffer
    }

    /// The object with its kind.
    var json: JSON {
        // The bytes were written from JSON.
        // swift-format-ignore: NeverUseForceTry
        try! JSON(parsing: bytes)
    }
}
