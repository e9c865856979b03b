/// What a watch reports.
public enum WatchEvent<Object: KubernetesObject>: Hashable, Sendable {
    /// An object that was added.
    case added(Object)

    /// An object that was changed.
    case modified(Object)

    /// An object that was deleted, or that no longer meets the conditions of the watch.
    case deleted(Object)

    /// An object that was added, changed or deleted and can't be read.
    case unreadable(UnreadableObject)

    /// Everything up to a version has been reported.
    ///
    /// - Parameters:
    ///   - resourceVersion: The version, from which the next watch can go on.
    ///   - endsInitialEvents: Whether all objects have now been reported to a watch that asked for them.
    case bookmark(resourceVersion: String, endsInitialEvents: Bool)
}

/// The events of a watch, in order. It ends when the server ends the watch, and can be iterated once.
///
/// - Throws: ``APIError`` while it is iterated, if the connection breaks, the server reports an error, or what it sends is not
///   an event.
public struct WatchEvents<Object: KubernetesObject>: AsyncSequence, Sendable {
    /// An event.
    public typealias Element = WatchEvent<Object>

    private let iterator: AsyncIterator

    /// Events that a function returns, one with each call, until it returns nil.
    public init(next: @escaping @Sendable () async throws(APIError) -> WatchEvent<Object>?) {
        iterator = AsyncIterator(next: next)
    }

    /// The iterator, which all callers share.
    public func makeAsyncIterator() -> AsyncIterator { iterator }

    /// Iterates over the events of a watch.
    public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
        fileprivate let next: @Sendable () async throws(APIError) -> WatchEvent<Object>?

        /// Waits for the next event.
        ///
        /// - Returns: The event; nil when the server has ended the watch.
        /// - Throws: ``APIError``, see ``WatchEvents``.
        public mutating func next() async throws(APIError) -> WatchEvent<Object>? { try await next() }
    }
}
