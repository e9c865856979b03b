import Netlink

/// Hands out what syncs result in, such as health checks, to whoever follows it.
final class UpdateFeed<Element: Sendable>: Sendable {
    private struct State: Sendable {
        var latest: [Element] = []
        var followers: [Int: AsyncStream<[Element]>.Continuation] = [:]
        var nextNumber = 0
    }

    private let state = Lock(State())

    deinit {
        for follower in state.withLock({ $0.followers.values.map(\.self) }) { follower.finish() }
    }

    /// What the last sync resulted in.
    var latest: [Element] { state.withLock { $0.latest } }

    /// Hands out what a sync has resulted in, changed or not.
    func publish(_ elements: [Element]) {
        let followers = state.withLock { state in
            state.latest = elements
            return state.followers.values.map(\.self)
        }
        for follower in followers { follower.yield(elements) }
    }

    /// What the last sync resulted in, and then what each one does. A slow follower misses all but the newest.
    func follow() -> AsyncStream<[Element]> {
        let (stream, follower) = AsyncStream.makeStream(of: [Element].self, bufferingPolicy: .bufferingNewest(1))
        let (number, latest) = state.withLock { state in
            state.nextNumber += 1
            state.followers[state.nextNumber] = follower
            return (state.nextNumber, state.latest)
        }
        // The stream keeps the handler, and must not keep the feed.
        follower.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.followers.removeValue(forKey: number) }
        }
        follower.yield(latest)
        return stream
    }
}
