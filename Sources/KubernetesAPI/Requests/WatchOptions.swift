/// Which objects are watched, and from when.
public struct WatchOptions: Hashable, Sendable {
    /// The namespace of the objects; nil for all namespaces.
    public var namespace: String?

    /// Which labels the objects must have; empty for no condition.
    public var labelSelector = ""

    /// Which fields the objects must have; empty for no condition.
    public var fieldSelector = ""

    /// The version after which changes are reported, from a list or from an earlier event.
    public var resourceVersion = ""

    /// Whether all objects are reported first, as added, and then a bookmark with
    /// ``WatchEvent/bookmark(resourceVersion:endsInitialEvents:)``. Servers before Kubernetes 1.27 refuse it, and so may others.
    public var sendsInitialEvents = false

    /// After which time the server ends the watch; nil leaves it to the server.
    public var timeout: Duration?

    /// Options for all objects.
    public init() {}
}
