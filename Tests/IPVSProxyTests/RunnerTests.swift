import IPVSTestModels
import Testing

@testable import IPVSProxy

@Suite("Runs with a bounded frequency", .timeLimit(.minutes(15)))
struct RunnerTests {
    @Test("Without requests nothing is run until the longest interval has passed")
    func period() async throws {
        let harness = RunnerHarness()
        try await harness.whileLooping {
            try await harness.expect(runs: [], thenSleepsUntil: .seconds(30))
            harness.clock.advance(by: .milliseconds(29_999))
            try await harness.expect(runs: [], thenSleepsUntil: .seconds(30))
            harness.clock.advance(by: .milliseconds(1))
            try await harness.expect(runs: [.seconds(30)], thenSleepsUntil: .seconds(60))
            harness.clock.advance(by: .seconds(30))
            try await harness.expect(runs: [.seconds(30), .seconds(60)], thenSleepsUntil: .seconds(90))
        }
    }

    @Test("The first request is run at once, the next after the shortest interval")
    func minimum() async throws {
        let harness = RunnerHarness()
        try await harness.whileLooping {
            try await harness.expect(runs: [], thenSleepsUntil: .seconds(30))
            harness.runner.run()
            try await harness.expect(runs: [.zero], thenSleepsUntil: .seconds(30))
            harness.clock.advance(by: .milliseconds(400))
            harness.runner.run()
            try await harness.expect(runs: [.zero], thenSleepsUntil: .seconds(1))
            harness.clock.advance(by: .milliseconds(599))
            try await harness.expect(runs: [.zero], thenSleepsUntil: .seconds(1))
            harness.clock.advance(by: .milliseconds(1))
            try await harness.expect(runs: [.zero, .seconds(1)], thenSleepsUntil: .seconds(31))
            // After the shortest interval, a request is run at once again.
            harness.clock.advance(by: .seconds(2))
            harness.runner.run()
            try await harness.expect(runs: [.zero, .seconds(1), .seconds(3)], thenSleepsUntil: .seconds(33))
        }
    }

    @Test("The longest interval counts from the last run")
    func periodAfterRequest() async throws {
        let harness = RunnerHarness()
        try await harness.whileLooping {
            harness.clock.advance(by: .seconds(20))
            harness.runner.run()
            try await harness.expect(runs: [.seconds(20)], thenSleepsUntil: .seconds(50))
            harness.clock.advance(by: .seconds(30))
            try await harness.expect(runs: [.seconds(20), .seconds(50)], thenSleepsUntil: .seconds(80))
        }
    }

    @Test("Many requests are one run")
    func coalescing() async throws {
        let harness = RunnerHarness()
        await withTaskGroup { group in
            for _ in 0..<100 { group.addTask { harness.runner.run() } }
        }
        try await harness.whileLooping {
            try await harness.expect(runs: [.zero], thenSleepsUntil: .seconds(30))
            await withTaskGroup { group in
                for _ in 0..<100 { group.addTask { harness.runner.run() } }
            }
            try await harness.expect(runs: [.zero], thenSleepsUntil: .seconds(1))
            harness.clock.advance(by: .seconds(1))
            try await harness.expect(runs: [.zero, .seconds(1)], thenSleepsUntil: .seconds(31))
        }
    }

    @Test("A burst is used up, and is restored one by one")
    func burst() async throws {
        let harness = RunnerHarness(burst: 3)
        try await harness.whileLooping {
            for count in 1...3 {
                harness.runner.run()
                try await harness.expect(runs: Array(repeating: .zero, count: count), thenSleepsUntil: .seconds(30))
            }
            harness.runner.run()
            try await harness.expect(runs: [.zero, .zero, .zero], thenSleepsUntil: .seconds(1))
            harness.clock.advance(by: .seconds(1))
            try await harness.expect(runs: [.zero, .zero, .zero, .seconds(1)], thenSleepsUntil: .seconds(31))
            // After two and a half intervals two are available again, and half of a third.
            harness.clock.advance(by: .milliseconds(2_500))
            harness.runner.run()
            var runs: [Duration] = [.zero, .zero, .zero, .seconds(1), .milliseconds(3_500)]
            try await harness.expect(runs: runs, thenSleepsUntil: .milliseconds(33_500))
            harness.runner.run()
            runs.append(.milliseconds(3_500))
            try await harness.expect(runs: runs, thenSleepsUntil: .milliseconds(33_500))
            harness.runner.run()
            try await harness.expect(runs: runs, thenSleepsUntil: .seconds(4))
        }
    }

    @Test("A burst does not grow beyond its size")
    func fullBurst() async throws {
        let harness = RunnerHarness(burst: 2)
        try await harness.whileLooping {
            harness.clock.advance(by: .milliseconds(20_500))
            var runs: [Duration] = []
            for _ in 0..<2 {
                harness.runner.run()
                runs.append(.milliseconds(20_500))
                try await harness.expect(runs: runs, thenSleepsUntil: .milliseconds(50_500))
            }
            harness.runner.run()
            try await harness.expect(runs: runs, thenSleepsUntil: .milliseconds(21_500))
        }
    }

    @Test("Requests during a run cause one more run, and the run's duration doesn't count")
    func requestsWhileRunning() async throws {
        let harness = RunnerHarness(lengths: [1: .seconds(5)])
        harness.runner.run()
        try await harness.whileLooping {
            try await harness.expect(runs: [.zero], thenSleepsUntil: .seconds(5))
            for _ in 0..<10 { harness.runner.run() }
            harness.clock.advance(by: .seconds(4))
            try await harness.expect(runs: [.zero], thenSleepsUntil: .seconds(5))
            harness.clock.advance(by: .seconds(1))
            try await harness.expect(runs: [.zero], thenSleepsUntil: .seconds(6))
            harness.clock.advance(by: .seconds(1))
            try await harness.expect(runs: [.zero, .seconds(6)], thenSleepsUntil: .seconds(36))
        }
    }

    @Test("A retry is run at its time, the earliest of several, and not if another run comes first")
    func retries() async throws {
        let harness = RunnerHarness()
        try await harness.whileLooping {
            harness.runner.retry(after: .seconds(40))
            try await harness.expect(runs: [], thenSleepsUntil: .seconds(30))
            harness.runner.retry(after: .seconds(10))
            try await harness.expect(runs: [], thenSleepsUntil: .seconds(10))
            harness.runner.retry(after: .seconds(20))
            try await harness.expect(runs: [], thenSleepsUntil: .seconds(10))
            harness.runner.retry(after: .seconds(5))
            try await harness.expect(runs: [], thenSleepsUntil: .seconds(5))
            harness.clock.advance(by: .seconds(5))
            // That run counted for all of them.
            try await harness.expect(runs: [.seconds(5)], thenSleepsUntil: .seconds(35))
        }
    }

    @Test("A retry is not run before the shortest interval has passed")
    func earlyRetry() async throws {
        let harness = RunnerHarness()
        harness.runner.run()
        try await harness.whileLooping {
            try await harness.expect(runs: [.zero], thenSleepsUntil: .seconds(30))
            harness.runner.retry(after: .milliseconds(300))
            try await harness.expect(runs: [.zero], thenSleepsUntil: .seconds(1))
            harness.clock.advance(by: .seconds(1))
            try await harness.expect(runs: [.zero, .seconds(1)], thenSleepsUntil: .seconds(31))
        }
    }

    @Test("A retry requested during a run is valid after it, and counts from the request")
    func retryWhileRunning() async throws {
        let harness = RunnerHarness(lengths: [1: .seconds(2)], events: [1: { $0.retry(after: .seconds(5)) }])
        harness.runner.run()
        try await harness.whileLooping {
            try await harness.expect(runs: [.zero], thenSleepsUntil: .seconds(2))
            harness.clock.advance(by: .seconds(2))
            try await harness.expect(runs: [.zero], thenSleepsUntil: .seconds(5))
            // A request replaces it.
            harness.clock.advance(by: .seconds(2))
            harness.runner.run()
            try await harness.expect(runs: [.zero, .seconds(4)], thenSleepsUntil: .seconds(34))
        }
    }

    @Test("A request comes before a retry")
    func requestBeforeRetry() async throws {
        let harness = RunnerHarness()
        harness.runner.run()
        try await harness.whileLooping {
            try await harness.expect(runs: [.zero], thenSleepsUntil: .seconds(30))
            harness.runner.retry(after: .seconds(10))
            try await harness.expect(runs: [.zero], thenSleepsUntil: .seconds(10))
            harness.runner.run()
            try await harness.expect(runs: [.zero], thenSleepsUntil: .seconds(1))
        }
    }

    @Test("Without a shortest interval each request is run at once")
    func noMinimum() async throws {
        let harness = RunnerHarness(min: .zero)
        try await harness.whileLooping {
            for count in 1...5 {
                harness.runner.run()
                try await harness.expect(runs: Array(repeating: .zero, count: count), thenSleepsUntil: .seconds(30))
            }
        }
    }

    @Test("A waiting loop ends when it is stopped or cancelled", arguments: [false, true])
    func endWhileWaiting(byCancellation: Bool) async throws {
        let harness = RunnerHarness()
        harness.runner.run()
        let loop = Task { await harness.loop() }
        try await harness.expect(runs: [.zero], thenSleepsUntil: .seconds(30))
        harness.runner.run()
        try await harness.expect(runs: [.zero], thenSleepsUntil: .seconds(1))
        if byCancellation { loop.cancel() } else { harness.runner.stop() }
        await loop.value
        #expect(harness.runs == [.zero])
        #expect(harness.clock.deadlines.isEmpty)
    }

    @Test("The end of the loop doesn't interrupt a run, and no run follows", arguments: [false, true])
    func endWhileRunning(byCancellation: Bool) async throws {
        let harness = RunnerHarness(min: .zero, lengths: [1: .seconds(5)])
        harness.runner.run()
        let hasEnded = Locked(false)
        let loop = Task {
            await harness.loop()
            hasEnded.withLock { $0 = true }
        }
        try await harness.expect(runs: [.zero], thenSleepsUntil: .seconds(5))
        harness.runner.run()
        if byCancellation { loop.cancel() } else { harness.runner.stop() }
        harness.clock.advance(by: .seconds(4))
        try await harness.expect(runs: [.zero], thenSleepsUntil: .seconds(5))
        #expect(!hasEnded.value)
        harness.clock.advance(by: .seconds(1))
        await loop.value
        #expect(harness.runs == [.zero])
    }

    @Test("A runner that was stopped before its loop runs nothing", arguments: [false, true])
    func endBeforeLoop(byCancellation: Bool) async {
        let harness = RunnerHarness()
        harness.runner.run()
        if !byCancellation { harness.runner.stop() }
        let loop = Task {
            if byCancellation { withUnsafeCurrentTask { $0?.cancel() } }
            await harness.loop()
        }
        await loop.value
        #expect(harness.runs.isEmpty)
    }

    @Test("An error of a run ends the loop with that error")
    func errors() async {
        struct Failure: Error {}
        let runner = BoundedFrequencyRunner(minInterval: .zero, maxInterval: .seconds(1), clock: ManualClock())
        runner.run()
        await #expect(throws: Failure.self) { try await runner.loop { throw Failure() } }
    }

    @Test("The longest interval can be infinite: then nothing is run without a request")
    func never() async {
        let runner = BoundedFrequencyRunner(minInterval: .zero, maxInterval: .seconds(Int64.max))
        let count = Locked(0)
        let loop = Task {
            await runner.loop {
                count.withLock { $0 += 1 }
                runner.stop()
            }
        }
        // It is waiting by now, or need not wait.
        try? await Task.sleep(for: .milliseconds(100))
        runner.run()
        await loop.value
        #expect(count.value == 1)
    }

    @Test("The system's clock works too")
    func systemClock() async {
        let runner = BoundedFrequencyRunner(minInterval: .milliseconds(1), maxInterval: .milliseconds(5))
        var starts: [ContinuousClock.Instant] = []
        await runner.loop {
            starts.append(.now)
            if starts.count < 5 { runner.run() }
            if starts.count == 10 { runner.stop() }
        }
        #expect(starts.count == 10)
        for (one, next) in zip(starts, starts.dropFirst()) { #expect(one.duration(to: next) >= .milliseconds(1)) }
    }
}
