import IPVS
import Netlink

/// Runs something on request and periodically, but no more often than allowed.
///
/// - ``run()`` requests a run. All requests before the start of a run are one. A request during a run leads to another run.
/// - At least `minInterval` passes between the end of a run and the start of the next one. A burst allows a few runs in quick
///   succession: each run beyond the first is regained after one `minInterval` in which nothing runs.
/// - When `maxInterval` has passed since the last run, there is one without a request.
/// - ``retry(after:)`` brings the next run forward to that time, as far as `minInterval` allows.
///
/// For example:
///
///     let runner = BoundedFrequencyRunner(minInterval: .seconds(1), maxInterval: .seconds(30))
///     try await runner.loop { try await sync() }
///
/// and from anywhere: `runner.run()`.
package final class BoundedFrequencyRunner<C: Clock<Duration>>: Sendable {
    private let clock: C
    private let state: Lock<State>

    private struct State {
        var schedule: RunSchedule<C.Instant>
        var isLooping = false
        var isStopped = false

        /// Whether the schedule has changed since the loop last looked at it.
        var isSignalled = false

        /// The loop, if it waits for such a change.
        var waiter: CheckedContinuation<Void, Never>?
    }

    /// A runner that has nothing to do until the first request, or until `maxInterval` has passed.
    ///
    /// - Parameters:
    ///   - minInterval: The minimum time between two runs.
    ///   - maxInterval: The maximum time between two runs; at least `minInterval`.
    ///   - burst: How many runs are allowed before `minInterval` applies; at least 1.
    ///   - clock: The clock that measures the time.
    package init(
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

    /// Requests a run as soon as one is allowed, and returns immediately.
    package func run() {
        signal { state in
            // The loop has seen the first request.
            if state.schedule.isRequested { return false }
            state.schedule.request()
            return true
        }
    }

    /// Requests a run after a delay, unless one is due sooner. A run that starts sooner, for whatever reason, fulfills the
    /// request. If it is called during a run, it applies after that run.
    package func retry(after delay: Duration) {
        let time = clock.now.advanced(by: delay)
        signal { state in
            state.schedule.retry(at: time)
            return true
        }
    }

    /// Ends the loop after the current run, if there is one. Pending requests are dropped.
    package func stop() {
        signal { state in
            state.isStopped = true
            return true
        }
    }

    /// Runs `body` whenever a run is due, one after another, until ``stop()`` is called, the task is cancelled or `body` throws.
    /// The current run is completed.
    ///
    /// A runner has one loop at a time. After ``stop()``, a loop ends immediately.
    ///
    /// - Throws: What `body` throws.
    package func loop(
        isolation: isolated (any Actor)? = #isolation,
        _ body: () async throws -> Void
    ) async rethrows {
        state.withLock { state in
            precondition(!state.isLooping, "the runner already has a loop")
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

    /// When the next run is due; nil if the loop has to end.
    private func nextRun() -> C.Instant? {
        if Task.isCancelled { return nil }
        return state.withLock { state in
            state.isSignalled = false
            return state.isStopped ? nil : state.schedule.due
        }
    }

    /// Waits until a time, but no longer than a day; or until the schedule changes or the task is cancelled.
    private func wait(until due: C.Instant) async {
        // An interval that means "never" can be longer than a clock can wait.
        let due = min(due, clock.now.advanced(by: .seconds(86_400)))
        await withTaskGroup(of: Void.self) { group in
            // It throws if it is cancelled, which ends the wait like the time does.
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

    /// Changes the state, and wakes the loop if `change` returns true.
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
