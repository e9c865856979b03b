internal import NIOConcurrencyHelpers
internal import NIOCore

// Watches.
extension KubernetesTestServer {
    /// The watches that clients have open.
    public var openWatches: [OpenWatch] { core.openWatches.withLockedValue { Array($0.values) } }

    /// Sends a bookmark to all open watches of a resource that take them.
    public func sendBookmarks(to resource: Resource) async throws {
        try await eachWatch(of: resource) { $0.sendBookmark() }
    }

    /// Interrupts all open watches of a resource.
    public func interrupt(_ resource: Resource, _ interruption: Interruption) async throws {
        try await eachWatch(of: resource) { $0.interrupt(interruption) }
    }

    /// Sends an event to all open watches of a resource, whatever the server's objects are.
    public func sendEvent(_ type: EventType, _ object: JSON, to resource: Resource) async throws {
        try await sendLine(WatchLine.event(type.rawValue, object), to: resource)
    }

    /// Sends any text to all open watches of a resource.
    public func sendLine(_ text: String, to resource: Resource) async throws {
        try await eachWatch(of: resource) { $0.send(text) }
    }

    private func eachWatch(of resource: Resource, _ body: @escaping @Sendable (Watch) -> Void) async throws {
        try await core.eventLoop.submit { [core] in
            for watch in core.watches.values where watch.selection.resource == resource {
                watch.pump()
                body(watch)
            }
        }.get()
    }

    /// Whether the server has streaming lists (`sendInitialEvents`). Without them it answers 422, as older servers do.
    public var supportsStreamingLists: Bool {
        get { core.settings.withLockedValue(\.supportsStreamingLists) }
        set { core.settings.withLockedValue { $0.supportsStreamingLists = newValue } }
    }

    /// Whether watches that begin from now on get bookmarks, if they ask for them.
    public var sendsBookmarks: Bool {
        get { core.settings.withLockedValue(\.sendsBookmarks) }
        set { core.settings.withLockedValue { $0.sendsBookmarks = newValue } }
    }

    /// How often watches that begin from now on get bookmarks.
    public var bookmarkInterval: Duration {
        get { core.settings.withLockedValue(\.bookmarkInterval) }
        set { core.settings.withLockedValue { $0.bookmarkInterval = newValue } }
    }
}
