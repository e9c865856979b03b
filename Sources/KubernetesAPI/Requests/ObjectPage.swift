/// A page of a list of objects.
public struct ObjectPage<Object: KubernetesObject>: Sendable {
    /// The objects.
    public var objects: [Object]

    /// Objects that could not be read.
    public var unreadable: [UnreadableObject]

    /// The version of the whole list, after which changes can be watched.
    public var resourceVersion: String

    /// The token of the next page; nil for the last page.
    public var continueToken: String?

    /// A page.
    public init(
        objects: [Object],
        unreadable: [UnreadableObject] = [],
        resourceVersion: String,
        continueToken: String? = nil
    ) {
        self.objects = objects
        self.unreadable = unreadable
        self.resourceVersion = resourceVersion
        self.continueToken = continueToken
    }
}

/// An object that a server sent, and that has not the form of its kind.
public struct UnreadableObject: Hashable, Sendable {
    /// Its name; nil if not even that can be read.
    public var name: ObjectName?

    /// Which field is wrong, and how.
    public var reason: String

    /// Whether a watch says that it was deleted.
    public var isDeleted: Bool

    /// An object that can't be read.
    public init(name: ObjectName?, reason: String, isDeleted: Bool = false) {
        self.name = name
        self.reason = reason
        self.isDeleted = isDeleted
    }
}
