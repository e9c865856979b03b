/// An object of an API server, with the fields that its reader needs.
///
/// A type of one's own can be listed and watched like the package's:
///
///     struct ConfigMap: KubernetesObject {
///         static let resource = Resource(version: "v1", plural: "configmaps", kind: "ConfigMap")
///         var metadata: ObjectMeta
///         var data: [String: String]?
///     }
public protocol KubernetesObject: Decodable, Hashable, Sendable {
    /// Where an API server has the objects.
    static var resource: Resource { get }

    /// The object's metadata.
    var metadata: ObjectMeta { get }
}

extension KubernetesObject {
    /// The name of the object in its namespace.
    public var name: ObjectName { ObjectName(metadata.namespace, metadata.name) }
}
