/// Which object is meant.
///
/// It corresponds to `core/v1.ObjectReference`.
public struct ObjectReference: Hashable, Sendable, Encodable {
    /// The version of the kind, such as `v1`.
    public var apiVersion: String

    /// The kind, such as `Service`.
    public var kind: String

    /// The namespace; empty if the object has none.
    public var namespace: String

    /// The name.
    public var name: String

    /// What tells the object from an earlier one of the same name.
    public var uid: String

    /// A reference to an object.
    ///
    /// - Parameters:
    ///   - resource: The kind of the object.
    ///   - name: Its name.
    ///   - uid: Its `metadata.uid`; empty if it is not known.
    public init(_ resource: Resource, _ name: ObjectName, uid: String = "") {
        apiVersion = resource.apiVersion
        kind = resource.kind
        namespace = name.namespace
        self.name = name.name
        self.uid = uid
    }

    /// Writes the reference without what is empty.
    ///
    /// - Parameter encoder: The encoder.
    /// - Throws: `EncodingError`.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(apiVersion, forKey: .apiVersion)
        try fields.encode(kind, forKey: .kind)
        if !namespace.isEmpty { try fields.encode(namespace, forKey: .namespace) }
        try fields.encode(name, forKey: .name)
        if !uid.isEmpty { try fields.encode(uid, forKey: .uid) }
    }

    private enum Key: String, CodingKey {
        case apiVersion, kind, namespace, name, uid
    }
}
