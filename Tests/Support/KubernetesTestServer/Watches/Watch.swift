internal import NIOConcurrencyHelpers
internal import NIOCore
internal import NIOHTTP1

/// A watch that is open. It belongs to the event loop.
final class Watch {
    let id: Int
    let selection: Selection

    private let core: Core
    private let exchange: Exchange
    private let allowsBookmarks: Bool
    private var isOver = false
    private var isPumping = false

    /// The objects that the watch begins with, as far as they have not been sent yet.
    private var initial: ArraySlice<StoredObject> = []

    /// Whether a bookmark is due after them.
    private var owesInitialEnd = false

    /// The version up to which everything has been sent.
    private(set) var position: Int {
        didSet { publish() }
    }

    /// The most objects or changes that are sent before the connection is asked whether it can take more.
    private static let batch = 32

    init(id: Int, core: Core, exchange: Exchange, selection: Selection, position: Int, allowsBookmarks: Bool) {
        self.id = id
        self.core = core
        self.exchange = exchange
        self.selection = selection
        self.position = position
        self.allowsBookmarks = allowsBookmarks
    }

    /// Begins, with all objects of a snapshot, if given, as added.
    func begin(with snapshot: Store.Snapshot?, endsInitialEvents: Bool) {
        core.watches[id] = self
        publish()
        exchange.onEnd = { [self] in
            isOver = true
            core.watches[id] = nil
            core.openWatches.withLockedValue { $0[id] = nil }
        }
        // What was sent last can make the connection writable when the watch is over.
        exchange.onWritable = { [weak self] in self?.pump() }
        exchange.begin(
            status: .ok,
            headers: [
                "Content-Type": "application/json", "Cache-Control": "no-cache, private",
                "Transfer-Encoding": "chunked",
            ]
        )
        initial = snapshot.map { $0.objects[...] } ?? []
        owesInitialEnd = endsInitialEvents
        pump()
    }

    /// Sends what is new since the last time, as far as the connection takes it.
    func pump() {
        // A write can make the connection writable, and so come back here.
        guard !isPumping else { return }
        isPumping = true
        defer { isPumping = false }
        while !isOver, !core.isPaused, exchange.isWritable {
            if !initial.isEmpty {
                sendInitial()
                continue
            }
            if owesInitialEnd {
                owesInitialEnd = false
                sendBookmark(endsInitialEvents: true)
            }
            let known = core.store.withState { state in
                (changes: state.changes(after: position, maximum: Self.batch), oldest: state.oldestVersion)
            }
            guard let changes = known.changes else {
                return fail(.expiredWatch(version: position, oldest: known.oldest))
            }
            guard let last = changes.last else { return }
            var buffer = ByteBuffer()
            for change in changes { selection.write(change, to: &buffer) }
            exchange.send(buffer)
            position = last.version
        }
    }

    private func sendInitial() {
        var buffer = ByteBuffer()
        for object in initial.prefix(Self.batch) where selection.includes(object) {
            WatchLine.write(.added, object, to: &buffer)
        }
        initial = initial.dropFirst(Self.batch)
        exchange.send(buffer)
    }

    /// Sends a bookmark, if the client wants them, unless it doesn't have the first objects yet.
    func sendBookmark(endsInitialEvents: Bool = false) {
        guard !isOver, !core.isPaused, allowsBookmarks, initial.isEmpty, !owesInitialEnd else { return }
        exchange.send(WatchLine.bookmark(selection.resource, version: position, endsInitialEvents: endsInitialEvents))
    }

    /// Sends any text.
    func send(_ text: String) { exchange.send(ByteBuffer(string: text)) }

    /// Sends an error as an event, and ends.
    func fail(_ status: APIStatus) {
        exchange.send(WatchLine.error(status))
        exchange.end()
    }

    /// Ends the watch in some way.
    func interrupt(_ interruption: KubernetesTestServer.Interruption) {
        switch interruption {
        case .end: exchange.end()
        case .close: exchange.breakOff()
        case .closeInLine:
            let bookmark = WatchLine.bookmark(selection.resource, version: position, endsInitialEvents: false)
            exchange.send(bookmark.getSlice(at: bookmark.readerIndex, length: bookmark.readableBytes / 2) ?? bookmark)
            exchange.breakOff()
        case .hang:
            isOver = true
            exchange.hang()
        case .expired: fail(.expiredWatch(version: position, oldest: position + 1))
        }
    }

    private func publish() {
        core.openWatches.withLockedValue {
            $0[id] = KubernetesTestServer.OpenWatch(resource: selection.resource, position: position)
        }
    }
}

extension Selection {
    /// Appends the event of a change, if there is one. An object that begins or ceases to be selected is added or deleted.
    fileprivate func write(_ change: Store.Change, to buffer: inout ByteBuffer) {
        guard change.resource == resource else { return }
        let old = change.old.flatMap { includes($0) ? $0 : nil }
        let new = change.new.flatMap { includes($0) ? $0 : nil }
        switch (old, new) {
        case (nil, let new?): WatchLine.write(.added, new, to: &buffer)
        case (_?, let new?): WatchLine.write(.modified, new, to: &buffer)
        // The object as it was, with the version of the deletion.
        case (let old?, nil): WatchLine.write(.deleted, old.with(version: change.version), to: &buffer)
        case (nil, nil): break
        }
    }
}
