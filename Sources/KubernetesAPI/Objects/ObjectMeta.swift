/// The metadata of an object, as far as controllers of a node need it.
///
/// It corresponds to `meta/v1.ObjectMeta`.
public struct ObjectMeta: Hashable, Sendable, Decodable {
    /// The name.
    public var name: String

    /// The namespace; empty if the object has none.
    public var namespace: String

    /// What tells the object from an earlier one of the same name.
    public var uid: String

    /// The server's version of the object. It can only be compared for equality.
    public var resourceVersion: String

    /// The labels.
    public var labels: [String: String]

    /// The annotations.
    public var annotations: [String: String]

    /// When the object was asked to be deleted, in the format of RFC 3339; nil if it was not.
    public var deletionTimestamp: String?

    /// The metadata of an object.
    public init(
        name: String,
        namespace: String = "",
        uid: String = "",
        resourceVersion: String = "",
        labels: [String: String] = [:],
        annotations: [String: String] = [:],
        deletionTimestamp: String? = nil
    ) {
        self.name = name
        self.namespace = namespace
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.labels = labels
        self.annotations = annotations
        self.deletionTimestamp = deletionTimestamp
    }

    /// Reads the metadata of an object. Only the name is required.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        name = try fields.decode(String.self, forKey: .name)
        namespace = try fields.decodeIfPresent(String.self, forKey: .namespace) ?? ""
        uid = try fields.decodeIfPresent(String.self, forKey: .uid) ?? ""
        resourceVersion = try fields.decodeIfPresent(String.self, forKey: .resourceVersion) ?? ""
        labels = try fields.decodeIfPresent([String: String].self, forKey: .labels) ?? [:]
        annotations = try fields.decodeIfPresent([String: String].self, forKey: .annotations) ?? [:]
        deletionTimestamp = try fields.decodeIfPresent(String.self, forKey: .deletionTimestamp)
    }

    private enum Key: String, CodingKey {
        case name, namespace, uid, resourceVersion, labels, annotations, deletionTimestamp
    }
}
