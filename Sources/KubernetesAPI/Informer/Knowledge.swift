/// What an informer knows, and since when.
public struct Knowledge: Sendable {
    /// Whether every object of the first full list has been reported.
    public var isSynced = false

    /// The number of known objects.
    public var objectCount = 0

    /// The server's version of what is known; nil before the first list, and while a new list is needed.
    public var resourceVersion: String?

    /// When the server last said something; nil if it never has.
    public var lastContact: ContinuousClock.Instant?

    /// The error since which the server has said nothing; nil if there was none since.
    public var error: APIError?

    /// How many lists and watches have failed since the start.
    public var failures = 0

    /// How many full lists have been made since the start.
    public var lists = 0

    /// Nothing is known.
    public init() {}
}
