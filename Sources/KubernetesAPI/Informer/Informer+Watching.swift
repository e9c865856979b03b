extension Informer {
    /// Watches from a version on until the server ends the watch.
    func watch(from version: String) async throws(APIError) {
        var options = watchOptions
        options.resourceVersion = version
        try await follow(options, Initial())
    }

    /// Lists all objects by a stream, and goes on to watch them.
    func stream() async throws(APIError) {
        var options = watchOptions
        options.sendsInitialEvents = true
        try await follow(options, Initial(isOpen: true))
    }

    private var watchOptions: WatchOptions {
        var options = WatchOptions()
        options.namespace = self.options.namespace
        options.labelSelector = self.options.labelSelector
        options.fieldSelector = self.options.fieldSelector
        options.timeout = self.options.watchTimeout * Double.random(in: 1..<2)
        return options
    }

    /// Follows a watch, and breaks it off if it is silent for too long.
    private func follow(_ options: WatchOptions, _ initial: Initial<Object>) async throws(APIError) {
        let started = clock.now
        lastHeard = started
        isListing = initial.isOpen
        let result = await withTaskGroup(of: Result<Void, APIError>?.self) { group in
            group.addTask { await self.consume(options, initial) }
            group.addTask { await self.guardSilence(of: options, since: started) }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        try result?.get()
    }

    private func consume(_ options: WatchOptions, _ initial: Initial<Object>) async -> Result<Void, APIError> {
        var initial = initial
        do throws(APIError) {
            let events = try await source.watch(Object.self, options)
            // An answer is no event: a server can accept each watch and then end it.
            lastHeard = clock.now
            for try await event in events { try await take(event, &initial) }
            if initial.isOpen {
                throw APIError(.disconnected, "the streamed list of \(Object.resource) ended before it was complete")
            }
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    private func take(_ event: WatchEvent<Object>, _ initial: inout Initial<Object>) async throws(APIError) {
        if case .bookmark(let version, let endsInitialEvents) = event {
            noteContact()
            (hasBookmarks, expectsBookmarks) = (true, true)
            if initial.isOpen {
                guard endsInitialEvents else { return }
                let (objects, unreadable) = initial.close()
                isListing = false
                try await replace(with: objects, unreadable: unreadable, resourceVersion: version)
            }
            hasHeard = true
            knowledge.resourceVersion = version
            return
        }
        // A list has a time limit as a whole. Its many objects don't need the clock, which some machines read slowly.
        guard !initial.isOpen else { return initial.take(event) }
        noteContact()
        if case .unreadable(let object) = event { note(object) }
        hasHeard = true
        if let version = event.resourceVersion, !version.isEmpty { knowledge.resourceVersion = version }
        guard let change = store.apply(event) else { return }
        knowledge.objectCount = store.objects.count
        await handler(change)
    }

    /// Returns an error when a watch has been silent for too long; nil when the task is cancelled.
    private func guardSilence(of options: WatchOptions, since start: ContinuousClock.Instant) async -> Result<
        Void, APIError
    >? {
        let listEnd = start + self.options.listTimeout
        let watchEnd = start + (options.timeout ?? .zero) + self.options.watchGrace
        while !Task.isCancelled {
            let silenceEnd = lastHeard + self.options.silenceLimit
            let end = isListing ? listEnd : expectsBookmarks ? min(watchEnd, silenceEnd) : watchEnd
            if clock.now >= end {
                if isListing {
                    let limit = self.options.listTimeout.formatted
                    let message = "the streamed list of \(Object.resource) was not complete after \(limit)"
                    return .failure(APIError(.timedOut, message))
                }
                // A server that has never sent a bookmark may have none, so only one watch of it is broken off early.
                expectsBookmarks = hasBookmarks
                let silence = (clock.now - lastHeard).formatted
                return .failure(APIError(.timedOut, "the watch of \(Object.resource) has been silent for \(silence)"))
            }
            // The end moves when something is heard, and when a list is complete.
            try? await clock.sleep(until: min(end, clock.now + self.options.silenceLimit))
        }
        return nil
    }
}

/// The objects of a streamed list while it comes in.
struct Initial<Object: KubernetesObject>: Sendable {
    /// Whether the list is still incomplete.
    private(set) var isOpen = false

    private var objects: [ObjectName: Object] = [:]
    private var unreadable: [UnreadableObject] = []

    init(isOpen: Bool = false) { self.isOpen = isOpen }

    mutating func take(_ event: WatchEvent<Object>) {
        switch event {
        case .added(let object), .modified(let object):
            forget(object.name)
            objects[object.name] = object
        case .deleted(let object): forget(object.name)
        case .unreadable(let object):
            if let name = object.name { forget(name) }
            if !object.isDeleted { unreadable.append(object) }
        case .bookmark: break
        }
    }

    private mutating func forget(_ name: ObjectName) {
        objects.removeValue(forKey: name)
        if !unreadable.isEmpty { unreadable.removeAll { $0.name == name } }
    }

    mutating func close() -> ([ObjectName: Object], [UnreadableObject]) {
        defer { self = Initial() }
        return (objects, unreadable)
    }
}

extension WatchEvent {
    /// The version from which another watch can go on after this event; nil if the event doesn't say.
    fileprivate var resourceVersion: String? {
        switch self {
        case .added(let object), .modified(let object), .deleted(let object): object.metadata.resourceVersion
        case .bookmark(let version, _): version
        case .unreadable: nil
        }
    }
}
