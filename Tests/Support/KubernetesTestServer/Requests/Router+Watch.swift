internal import NIOConcurrencyHelpers
internal import NIOCore

extension Router {
    /// Begins a watch.
    func watch(_ target: APIRequest.Target) throws {
        try checkAccept()
        let selection = try Selection(of: request, target)
        let version = try version()
        let sendsInitialEvents = try sendsInitialEvents(version)
        let settings = core.settings.withLockedValue(\.self)
        core.lastWatch += 1
        // Without a version, and with 0, a watch begins with what there is.
        let (position, snapshot) = core.store.withState { state in
            guard sendsInitialEvents || version == nil || version == 0 else {
                return (version ?? 0, nil as Store.Snapshot?)
            }
            let snapshot = state.snapshot(of: target.resource)
            let objects = faults.contains(.emptyList) ? [] : snapshot.objects
            return (snapshot.version, Store.Snapshot(version: snapshot.version, objects: objects))
        }
        let watch = Watch(
            id: core.lastWatch,
            core: core,
            exchange: exchange,
            selection: selection,
            position: position,
            allowsBookmarks: request.isSet("allowWatchBookmarks") && settings.sendsBookmarks
        )
        watch.begin(with: snapshot, endsInitialEvents: sendsInitialEvents)
        if faults.contains(.expired) { return watch.interrupt(.expired) }
        if let seconds = request.query["timeoutSeconds"].flatMap({ Int64($0) }), seconds > 0 {
            core.eventLoop.assumeIsolated().scheduleTask(in: .seconds(seconds)) { [weak watch] in
                watch?.interrupt(.end)
            }
        }
        scheduleBookmark(of: watch, every: settings.bookmarkInterval)
    }

    private func scheduleBookmark(of watch: Watch, every interval: Duration) {
        let (core, id) = (core, watch.id)
        core.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(interval)) {
            guard let watch = core.watches[id] else { return }
            watch.sendBookmark()
            scheduleBookmark(of: watch, every: interval)
        }
    }

    /// Whether the watch is a streaming list.
    private func sendsInitialEvents(_ version: Int?) throws -> Bool {
        let match = request.query["resourceVersionMatch"] ?? ""
        let supportsStreamingLists = core.settings.withLockedValue(\.supportsStreamingLists)
        guard supportsStreamingLists, request.query["sendInitialEvents"] != nil else {
            guard !match.isEmpty else { return false }
            // A server that has no streaming lists doesn't know `sendInitialEvents`, but it refuses the match.
            var causes = ["resourceVersionMatch is forbidden for watch"]
            if version == nil { causes.append("resourceVersionMatch is forbidden unless resourceVersion is provided") }
            throw APIStatus.invalidOptions(causes)
        }
        guard match == "NotOlderThan" else {
            throw APIStatus.invalidOptions([
                "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
            ])
        }
        return request.isSet("sendInitialEvents")
    }
}
