internal import NIOConcurrencyHelpers
internal import NIOCore

/// What serves requests. It is only used on the server's single event loop, except where it says otherwise.
final class Core: @unchecked Sendable {
    // Unchecked: all that is not behind a lock belongs to the event loop.
    let eventLoop: any EventLoop
    let store: Store
    let access = NIOLockedValueBox(Access())
    let faults = NIOLockedValueBox(FaultList())
    let settings = NIOLockedValueBox(Settings())
    let requests = NIOLockedValueBox<[APIRequest]>([])

    /// The watches that are open, for other threads to look at.
    let openWatches = NIOLockedValueBox<[Int: KubernetesTestServer.OpenWatch]>([:])

    var connections: [ObjectIdentifier: ConnectionHandler] = [:]
    var watches: [Int: Watch] = [:]
    var lastWatch = 0
    var isPaused = false

    private let isPumpScheduled = NIOLockedValueBox(false)

    init(eventLoop: any EventLoop, store: Store) {
        self.eventLoop = eventLoop
        self.store = store
    }

    /// What a test can set while the server runs.
    struct Settings {
        var supportsStreamingLists = true
        var sendsBookmarks = true
        var bookmarkInterval: Duration = .seconds(60)
        var logs: [String: String] = [:]
    }

    /// Changes the store, and sends the changes to the watches. Any thread can call it.
    @discardableResult
    func write<Result>(_ body: (inout Store.State) throws -> Result) rethrows -> Result {
        defer { schedulePump() }
        return try store.withState(body)
    }

    private func schedulePump() {
        let wasScheduled = isPumpScheduled.withLockedValue { isScheduled in
            defer { isScheduled = true }
            return isScheduled
        }
        guard !wasScheduled else { return }
        eventLoop.execute { [self] in
            isPumpScheduled.withLockedValue { $0 = false }
            pump()
        }
    }

    /// Sends the changes that watches have not got yet.
    func pump() {
        guard !isPaused else { return }
        for watch in watches.values { watch.pump() }
    }

    /// Serves a request. `onBegin` gets the exchange before anything is sent.
    func serve(_ request: APIRequest, on connection: ConnectionHandler, onBegin: (Exchange) -> Void) {
        var request = request
        let caller = access.withLockedValue { $0.caller(of: request, certificate: connection.clientCertificate) }
        request.user = caller.user
        requests.withLockedValue { $0.append(request) }
        let hits = faults.withLockedValue { $0.take(for: request) }
        let exchange = Exchange(connection, faults: hits)
        onBegin(exchange)
        let router = Router(core: self, request: request, caller: caller, exchange: exchange, faults: hits)
        let delay = hits.compactMap(\.delay).reduce(.zero, +)
        if delay == .zero {
            router.serve()
        } else {
            eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { router.serve() }
        }
    }

    /// Stops or goes on with everything, except that connections are accepted.
    func setPaused(_ paused: Bool) {
        isPaused = paused
        for connection in connections.values { connection.setReading(!paused) }
        pump()
    }

    /// Closes all connections.
    func closeConnections() { for connection in connections.values { connection.close() } }
}
