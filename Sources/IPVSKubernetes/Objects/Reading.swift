/// What an object of an API server means to the proxier of a node.
public struct Reading<Value: Hashable & Sendable>: Hashable, Sendable {
    /// The object as the proxier knows it; nil if the node doesn't serve it.
    public var value: Value?

    /// What is not served of the object, and why.
    public var notes: [Note] = []
}

/// A part of an object that is valid, or was accepted by the server, but is not served.
public struct Note: Hashable, Sendable {
    /// The kind and name of the object, such as `Service default/web`.
    public var object: String

    /// The field, such as `spec.externalIPs[0]`; empty for the whole object.
    public var field: String

    /// What is not served, and why.
    public var reason: String

    /// Whether the author of the object probably expects it to be served.
    public var isWarning: Bool
}

extension Note: CustomStringConvertible {
    /// The note as a sentence: `Service default/web: spec.externalIPs[0]: "x" is not an IP address; it is left out`.
    public var description: String { field.isEmpty ? "\(object) \(reason)" : "\(object): \(field): \(reason)" }
}
