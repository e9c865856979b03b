import IPVS
import Netlink

/// Runs something when it is asked to, but neither too often nor too seldom.
///
/// - ``run()`` asks for a run. Any number of requests that come before the run starts are one; a request that comes while
///   it is under way gets another run.
/// - Between the end of a run and the start of the next pass at least `minInterval`. A burst allows more than one in short
///   succession: each further one it allows comes back once in a `minInterval` in which nothing runs.
/// - When `maxInterval` has passed since the last run, there is one without a request.
/// - ``retry(after:)`` makes the next run be no later than that, as far as `minInterval` allows it.
///
/// For example:
///
///     let runner = BoundedFrequencyRunner(minInterval: .seconds(1), maxInterval: .seconds(30))
///     await runner.loop { await makeItSo() }
///
/// and from anywhere: `runner.run()`.
public final class BoundedFrequencyRunner<C: Clock<Duration>>: Sendable {
    private let clock: C
    private let state: Lock<State>

    private struct State {
        var schedule: RunSchedule<C.Instant>
        var isLooping = false
        var isStopped = false

        /// Whether something was asked for since the loop last looked at the schedule.
        var isSignalled = false

        /// The loop, if it is waiting for that.
        var waiter: CheckedContinuation<Void, Never>?
    }

    /// A runner that has nothing to do until the first request, or until `maxInterval` has passed.
    ///
    /// - Parameters:
    ///   - minInterval: How much time is at least between two runs.
    ///   - maxInterval: How much time is at most between two runs; not less than `minInterval`.
    ///   - burst: How many runs there can be before `minInterval` counts; at least 1.
    ///   - clock: What measures the time.
    public init(
        minInterval: Duration,
        maxInterval: Duration,
        burst: Int = 1,
        clock: C = ContinuousClock()
    ) {
        precondition(minInterval >= .zero, "the minimum interval is negative")
        precondition(maxInterval >= minInterval, "the maximum interval is less than the minimum")
        precondition(burst > 0, "the burst is less than 1")
        self.clock = clock
        let schedule = RunSchedule(from: clock.now, minInterval: minInterval, maxInterval: maxInterval, burst: burst)
        state = Lock(State(schedule: schedule))
    }

    /// Asks for a run as soon as one may be, and returns at once.
    public func run() {
        signal { state in
            // The loop knows already.
            if state.schedule.isRequested { return false }
            state.schedule.request()
            return true
        }
    }

    /// Asks for a run no later than in such a time, unless one is due sooner anyway. A run that starts sooner, for whatever
    /// reason, does for the retry. It can be called within a run, and holds after it then.
    public func retry(after delay: Duration) {
        let time = clock.now.advanced(by: delay)
        signal { state in
            state.schedule.retry(at: time)
            return true
        }
    }

    /// Ends the loop when the run that is under way, if one is, is over. What was asked for is not run any more.
    public func stop() {
        signal { state in
            state.isStopped = true
            return true
        }
    }

    /// Runs `body` whenever it is due, one run after the other, until ``stop()`` is called or the task is cancelled. A run
    /// that is under way then is waited for.
    ///
    /// A runner has one loop at a time. After ``stop()`` it has none any more: the loop ends at once.
    public func loop(
        isolation: isolated (any Actor)? = #isolation,
        _ body: () async throws -> Void
    ) async rethrows {
        state.withLock { state in
            precondition(!state.isLooping, "the runner has a loop already")
            state.isLooping = true
        }
        defer { state.withLock { $0.isLooping = false } }
        while let due = nextRun() {
            if due > clock.now {
                await wait(until: due)
                continue
            }
            state.withLock { $0.schedule.start(at: clock.now) }
            defer { state.withLock { $0.schedule.finish(at: clock.now) } }
            try await body()
        }
    }

    /// When the next run is due; nil if there is to be none.
    private func nextRun() -> C.Instant? {
        if Task.isCancelled { return nil }
        return state.withLock { state in
            state.isSignalled = false
            return state.isStopped ? nil : state.schedule.due
        }
    }

    /// Waits until a time or for a day, until something is asked for, or until the task is cancelled.
    private func wait(until due: C.Instant) async {
        // Who never wants to be run says so with a time that is more than a clock can wait for.
        let due = min(due, clock.now.advanced(by: .seconds(86_400)))
        await withTaskGroup(of: Void.self) { group in
            // It fails if it is cancelled, which ends the wait as the time does.
            group.addTask { try? await self.clock.sleep(until: due, tolerance: nil) }
            group.addTask { await self.waitForSignal() }
            await group.next()
            group.cancelAll()
        }
    }

    private func waitForSignal() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.isSignalled || Task.isCancelled { return true }
                    state.waiter = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            signal { _ in true }
        }
    }

    /// Changes the state, and wakes the loop if it has to know.
    private func signal(_ change: (inout State) -> Bool) {
        let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
            guard change(&state) else { return nil }
            state.isSignalled = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}
