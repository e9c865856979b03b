/// The name of an object in its namespace.
///
/// Its text is `default/web`, or `web` for an object without a namespace, such as a node.
public struct ObjectName: Hashable, Sendable {
    /// The namespace; empty if the object has none.
    public var namespace: String

    /// The name, which is unique among the objects of its kind in the namespace.
    public var name: String

    /// A name in a namespace.
    public init(_ namespace: String, _ name: String) {
        self.namespace = namespace
        self.name = name
    }
}

extension ObjectName: Comparable {
    /// By namespace, then by name.
    public static func < (left: Self, right: Self) -> Bool {
        (left.namespace, left.name) < (right.namespace, right.name)
    }
}

extension ObjectName: CustomStringConvertible {
    /// The name as text: `default/web`, or `web` if the namespace is empty.
    public var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }
}
