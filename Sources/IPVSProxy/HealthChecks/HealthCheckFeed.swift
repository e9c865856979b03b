import Netlink

/// Hands out the health checks of the last sync to whoever follows them.
final class HealthCheckFeed: Sendable {
    private struct State: Sendable {
        var latest: [HealthCheck] = []
        var followers: [Int: AsyncStream<[HealthCheck]>.Continuation] = [:]
        var nextNumber = 0
    }

    private let state = Lock(State())

    deinit {
        for follower in state.withLock({ $0.followers.values.map(\.self) }) { follower.finish() }
    }

    /// The health checks of the last sync.
    var latest: [HealthCheck] { state.withLock { $0.latest } }

    /// Hands out the health checks of a sync, changed or not.
    func publish(_ checks: [HealthCheck]) {
        let followers = state.withLock { state in
            state.latest = checks
            return state.followers.values.map(\.self)
        }
        for follower in followers { follower.yield(checks) }
    }

    /// The health checks of the last sync, and then those of each one. A slow follower misses all but the newest.
    func follow() -> AsyncStream<[HealthCheck]> {
        let (stream, follower) = AsyncStream.makeStream(of: [HealthCheck].self, bufferingPolicy: .bufferingNewest(1))
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
