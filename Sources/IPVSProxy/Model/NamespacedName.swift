/// The name of an object, such as a service or an endpoint slice, in its namespace.
///
/// Its text is `default/web`.
public struct NamespacedName: Hashable, Sendable {
    /// The namespace; empty if the control plane has none.
    public var namespace: String

    /// The name, which is unique among the objects of its kind in the namespace.
    public var name: String

    /// A name in a namespace.
    public init(_ namespace: String, _ name: String) {
        self.namespace = namespace
        self.name = name
    }
}

extension NamespacedName: Comparable {
    /// By namespace, then by name.
    public static func < (left: Self, right: Self) -> Bool {
        (left.namespace, left.name) < (right.namespace, right.name)
    }
}

extension NamespacedName: CustomStringConvertible {
    /// The name as text: `default/web`, or `web` if the namespace is empty.
    public var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }
}
