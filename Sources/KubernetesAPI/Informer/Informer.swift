public import Logging

/// Follows the objects of one kind on an API server, and reports what changes.
///
/// It lists the objects, and then watches them from the list's version on. Whatever goes wrong, it keeps what it knows and tries
/// again: a watch that breaks goes on from its last event, and where the server no longer has the events since, the objects are
/// listed anew and the differences are reported. So a handler hears of each object that is added, changed or deleted, and never
/// of an object that vanished because a server was down, slow or wrong.
///
///     let informer = Informer(of: CoreV1.Service.self, from: client, logger: logger) { event in
///         if case .added(let service) = event { print(service.name) }
///     }
///     await informer.run()
public actor Informer<Object: KubernetesObject> {
    /// What a handler does with an event. The next event is reported when it returns.
    public typealias Handler = @Sendable (InformerEvent<Object>) async -> Void

    let source: any ObjectSource
    let options: InformerOptions
    let logger: Logger
    let handler: Handler
    let clock = ContinuousClock()

    /// What is known of the server.
    public internal(set) var knowledge = Knowledge()

    var store = ObjectStore<Object>()
    var hasStreamingLists: Bool

    /// Whether the server has ever sent a bookmark.
    var hasBookmarks = false

    /// Whether the server is expected to send bookmarks, so that silence means something.
    var expectsBookmarks = true

    /// Whether the last list was empty though objects were known.
    private var doubtsEmptiness = false

    /// Whether the last watch from the known version was refused, or was none.
    private var isRefused = false

    /// Whether the current watch has reported anything since the list.
    var hasHeard = false

    /// When the server last said something in the current watch.
    var lastHeard = ContinuousClock.now

    /// Whether the current watch is still sending the objects of a list.
    var isListing = false

    /// An informer, which does nothing before ``run()``.
    ///
    /// - Parameters:
    ///   - type: The type of the objects.
    ///   - source: The server.
    ///   - options: Which objects, and with which patience.
    ///   - logger: Where failures are logged, when they begin and when they are over.
    ///   - handler: Where changes are reported, one at a time.
    public init(
        of type: Object.Type = Object.self,
        from source: any ObjectSource,
        options: InformerOptions = InformerOptions(),
        logger: Logger,
        handler: @escaping Handler
    ) {
        self.source = source
        self.options = options
        self.logger = logger
        self.handler = handler
        hasStreamingLists = options.prefersStreamingLists
    }

    /// The known objects.
    public var objects: [Object] { Array(store.objects.values) }

    /// The known object with a name.
    public func object(_ name: ObjectName) -> Object? { store.objects[name] }

    /// Follows the objects until the task is cancelled. It must not be called twice at the same time.
    public func run() async {
        var backoff = Backoff(first: options.firstDelay, longest: options.longestDelay)
        while !Task.isCancelled {
            let started = clock.now
            hasHeard = false
            var failure: APIError?
            do throws(APIError) { try await attempt() } catch { failure = error }
            if Task.isCancelled { return }
            if hasHeard { backoff.reset() }
            // Servers end watches after their time limit. One that ends each watch at once is not asked all the time.
            if failure == nil, hasHeard || clock.now - started >= options.shortestWatch {
                backoff.reset()
                continue
            }
            noteRefusal(failure)
            let isFirst = backoff.isFresh
            let delay = backoff.delay(atLeast: failure?.retryAfter)
            if let failure, failure.code == .expired {
                knowledge.resourceVersion = nil
                logger.info("\(Object.resource) are listed anew: \(failure)")
                // The first new list is made at once. A server that answers each watch so is not asked all the time.
                if isFirst { continue }
            } else if let failure {
                note(failure, delay)
            }
            try? await clock.sleep(for: delay)
        }
    }

    /// Lists the objects if that is necessary, and watches them until the watch ends.
    private func attempt() async throws(APIError) {
        if let version = knowledge.resourceVersion { return try await watch(from: version) }
        if hasStreamingLists {
            do throws(APIError) {
                return try await stream()
            } catch  where isListing && [.invalidRequest, .timedOut].contains(error.code) {
                // Servers before Kubernetes 1.27 refuse it. One that is only slow gets another chance with the next list.
                if error.code == .invalidRequest { hasStreamingLists = false }
                logger.debug("\(Object.resource) are listed in pages: \(error)")
            }
        }
        try await listPages()
        if let version = knowledge.resourceVersion { try await watch(from: version) }
    }

    /// Reports a full list, and sets from which version to go on.
    func replace(
        with listed: [ObjectName: Object],
        unreadable: [UnreadableObject],
        resourceVersion: String
    ) async throws(APIError) {
        // A cluster always has a service and a slice of its API server, and a node agent has its node. So an empty list is rather
        // one of a server that was set up anew, or that lost its data, and would end all services of this node.
        if listed.isEmpty, unreadable.isEmpty, !store.objects.isEmpty, !doubtsEmptiness {
            doubtsEmptiness = true
            throw APIError(
                .malformedAnswer,
                "can't believe that there are no \(Object.resource) where there were \(store.objects.count); asking again",
                retryAfter: options.emptinessDelay
            )
        }
        doubtsEmptiness = false
        for object in unreadable { note(object) }
        let changes = store.replace(with: listed, unreadable: unreadable)
        for object in changes.deletions { await handler(.deleted(object)) }
        for event in changes.others { await handler(event) }
        knowledge.lists += 1
        knowledge.objectCount = store.objects.count
        knowledge.resourceVersion = resourceVersion
        if !knowledge.isSynced {
            knowledge.isSynced = true
            await handler(.synced)
        }
    }

    /// Makes a new list necessary if the server refuses to watch from the version that is known, or sends what is no event, twice
    /// in a row. Otherwise a version that a restored server never had, or one bad event, would end all news.
    private func noteRefusal(_ failure: APIError?) {
        guard !hasHeard, knowledge.resourceVersion != nil, let code = failure?.code,
            [.invalidRequest, .malformedAnswer].contains(code)
        else {
            isRefused = false
            return
        }
        if isRefused { knowledge.resourceVersion = nil }
        isRefused.toggle()
    }

    /// Records that the server said something.
    func noteContact() {
        lastHeard = clock.now
        knowledge.lastContact = lastHeard
        guard knowledge.error != nil else { return }
        knowledge.error = nil
        logger.notice("the server answers again for \(Object.resource)")
    }

    /// Logs a failure when it begins or differs from the one before.
    private func note(_ failure: APIError, _ delay: Duration) {
        knowledge.failures += 1
        let isNew = knowledge.error?.message != failure.message
        knowledge.error = failure
        let seconds = delay.formatted
        let level: Logger.Level = isNew ? .warning : .debug
        logger.log(level: level, "\(failure); what is known stays in force, and the next attempt is in \(seconds)")
    }

    func note(_ object: UnreadableObject) {
        let name = object.name.map { "\(Object.resource.kind) \($0)" } ?? "a \(Object.resource.kind) without a name"
        let fate = object.isDeleted && object.name != nil ? "it was deleted" : "it stays as it was"
        logger.warning("\(name) can't be read, and \(fate): \(object.reason)")
    }
}

extension Duration {
    /// The duration in seconds with one decimal, for messages.
    var formatted: String {
        let tenths = Int64((self / .milliseconds(100)).rounded())
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
