/// A kind of objects, and where an API server has them.
public struct Resource: Hashable, Sendable {
    /// The API group; empty for the core group.
    public let group: String

    /// The version of the group, such as `v1`.
    public let version: String

    /// The name in paths, such as `endpointslices`.
    public let plural: String

    /// The kind of each object, such as `EndpointSlice`.
    public let kind: String

    /// Whether the objects are in namespaces.
    public let isNamespaced: Bool

    /// A resource.
    public init(group: String = "", version: String, plural: String, kind: String, isNamespaced: Bool = true) {
        self.group = group
        self.version = version
        self.plural = plural
        self.kind = kind
        self.isNamespaced = isNamespaced
    }

    /// The group and version as objects have it in `apiVersion`: `v1`, or `discovery.k8s.io/v1`.
    public var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    /// The path of all objects, of those in a namespace, or of one object.
    public func path(namespace: String? = nil, name: String? = nil) -> String {
        var path = group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)"
        if isNamespaced, let namespace { path += "/namespaces/\(namespace)" }
        path += "/\(plural)"
        if let name { path += "/\(name)" }
        return path
    }
}

extension Resource: CustomStringConvertible {
    /// The name as in roles: `services`, or `endpointslices.discovery.k8s.io`.
    public var description: String { group.isEmpty ? plural : "\(plural).\(group)" }
}
