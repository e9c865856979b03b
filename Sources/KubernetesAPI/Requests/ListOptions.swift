/// Which objects are listed, and how.
public struct ListOptions: Hashable, Sendable {
    /// The namespace of the objects; nil for all namespaces.
    public var namespace: String?

    /// Which labels the objects must have, such as `!service.kubernetes.io/headless`; empty for no condition.
    public var labelSelector = ""

    /// Which fields the objects must have, such as `metadata.name=node-1`; empty for no condition.
    public var fieldSelector = ""

    /// The maximum number of objects in a page; nil for all objects in one page.
    public var limit: Int?

    /// The token of the next page, from the page before; nil for the first page.
    public var continueToken: String?

    /// How old the answer may be. Empty asks for the newest objects, and `0` for any that the server has in its cache.
    public var resourceVersion = ""

    /// Options for all objects.
    public init() {}
}
