import Dispatch
import Synchronization

/// Notices of changes of the manifests' files, from the kernel.
///
/// A notice means that files may have changed, and are worth a look. It says nothing about what a look finds.
final class FileNotices: Sendable {
    /// An element follows after a notice. Of several that nobody has taken, one is left.
    let bell: AsyncStream<Void>

    private let ringer: AsyncStream<Void>.Continuation
    private let guarded = Mutex(State())

    /// Nil if the kernel has no notices for this program.
    private let inotify: Inotify?

    /// Why there is none.
    private let obstacle: String?

    /// Reads events. Its type is safe to use from any thread, but doesn't say so.
    private nonisolated(unsafe) let source: (any DispatchSourceRead)?

    fileprivate struct State {
        var interests: [Int32: FileTrail.Interest] = [:]

        /// The files that have been written to, and not been closed since.
        var open: Set<Place> = []

        /// When the last change happened.
        var lastChange: ContinuousClock.Instant?

        /// Whether there is a notice that nobody has taken.
        var hasNews = false
    }

    fileprivate struct Place: Hashable {
        let watch: Int32
        let name: String
    }

    init(_ inotify: () throws(NoticeError) -> Inotify = { () throws(NoticeError) in try Inotify() }) {
        (bell, ringer) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        do throws(NoticeError) {
            let inotify = try inotify()
            self.inotify = inotify
            obstacle = nil
            source = DispatchSource.makeReadSource(
                fileDescriptor: inotify.descriptor,
                queue: DispatchQueue(label: "notices of files")
            )
        } catch {
            (self.inotify, source, obstacle) = (nil, nil, error.description)
        }
        guard let inotify = self.inotify, let source else { return }
        source.setEventHandler { [weak self] in self?.take(inotify.events()) }
        // The descriptor has to stay open until then.
        source.setCancelHandler { withExtendedLifetime(inotify) {} }
        source.activate()
    }

    deinit {
        source?.cancel()
        ringer.finish()
    }

    /// Rings the bell without a notice.
    func ring() { ringer.yield() }

    /// Whether there was a notice since the last call.
    func takeNews() -> Bool {
        guarded.withLock { state in
            defer { state.hasNews = false }
            return state.hasNews
        }
    }

    /// Watches the files from now on, wherever they are by now, and nothing else.
    ///
    /// - Returns: Why some changes would go unnoticed; nil if none would.
    func follow(_ files: ManifestFiles, _ fileSystems: FileSystems = .current) -> String? {
        guard let inotify else { return obstacle }
        var trail = FileTrail(inotify, fileSystems)
        // Events of new watches wait until it is known what matters of them.
        return guarded.withLock { state in
            trail.follow(files)
            for watch in state.interests.keys where trail.interests[watch] == nil { inotify.remove(watch) }
            state.interests = trail.interests
            state.open = state.open.filter { trail.interests[$0.watch] != nil }
            return trail.gap
        }
    }

    /// How long it takes until nothing has changed for some time; zero or less if nothing has.
    ///
    /// - Parameters:
    ///   - rest: The time.
    ///   - openRest: The time if a file is open that has been written to.
    /// - Returns: The time left.
    func timeUntil(rest: Duration, openRest: Duration) -> Duration {
        guarded.withLock { state in
            guard let last = state.lastChange else { return .zero }
            return ContinuousClock.now.duration(to: last + (state.open.isEmpty ? rest : openRest))
        }
    }

    /// Takes events into account.
    func take(_ events: [Inotify.Event]) {
        let isNews = guarded.withLock { state in
            let isNews = events.count { state.take($0) } > 0
            if isNews { (state.hasNews, state.lastChange) = (true, .now) }
            return isNews
        }
        if isNews { ringer.yield() }
    }
}

extension FileNotices.State {
    /// Takes an event into account, and returns whether it matters.
    fileprivate mutating func take(_ event: Inotify.Event) -> Bool {
        if event.kinds.contains(.lost) {
            open = []
            return true
        }
        guard let interest = interests[event.watch], interest.concerns(event.name) else { return false }
        let place = FileNotices.Place(watch: event.watch, name: event.name)
        if !event.kinds.isDisjoint(with: [.modified, .created]), !event.kinds.contains(.ofFolder) {
            open.insert(place)
        } else {
            open.remove(place)
        }
        return true
    }
}
