import IPVSTestModels
import Testing

@testable import IPVSProxy

/// A runner with its own clock, and a record of its runs.
struct RunnerHarness {
    let clock = ManualClock()
    let runner: BoundedFrequencyRunner<ManualClock>

    /// The start times of runs.
    private let starts = Locked<[Duration]>([])

    /// The durations of runs; all others take no time.
    private let lengths: [Int: Duration]

    /// Actions during a run, by its number.
    private let events: [Int: @Sendable (BoundedFrequencyRunner<ManualClock>) -> Void]

    init(
        min: Duration = .seconds(1),
        max: Duration = .seconds(30),
        burst: Int = 1,
        lengths: [Int: Duration] = [:],
        events: [Int: @Sendable (BoundedFrequencyRunner<ManualClock>) -> Void] = [:]
    ) {
        runner = BoundedFrequencyRunner(minInterval: min, maxInterval: max, burst: burst, clock: clock)
        self.lengths = lengths
        self.events = events
    }

    var runs: [Duration] { starts.value }

    func loop() async {
        await runner.loop {
            let number = starts.withLock { starts in
                starts.append(clock.now.time)
                return starts.count
            }
            events[number]?(runner)
            // It doesn't matter here whether the run was cancelled: it must have its duration in any case.
            if let length = lengths[number] { await Task { try? await clock.sleep(for: length) }.value }
        }
    }

    /// Runs the loop during `body`, and then ends it.
    func whileLooping(_ body: () async throws -> Void) async rethrows {
        let loop = Task { await self.loop() }
        defer { loop.cancel() }
        try await body()
        runner.stop()
        await loop.value
    }

    /// Waits until these runs have started, and the runner, or the current run, sleeps until a time.
    func expect(
        runs: [Duration],
        thenSleepsUntil deadline: Duration,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let limit = ContinuousClock.now + .seconds(20)
        while self.runs != runs || clock.deadlines != [deadline] {
            if ContinuousClock.now > limit {
                Issue.record(
                    "the runs are \(self.runs), sleeping until \(clock.deadlines)",
                    sourceLocation: sourceLocation
                )
                throw TimedOut()
            }
            try await Task.sleep(for: .microseconds(50))
        }
    }

    struct TimedOut: Error {}
}
