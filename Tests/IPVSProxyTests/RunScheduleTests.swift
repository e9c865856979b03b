import IPVSTestModels
import Testing

@testable import IPVSProxy

@Suite("Schedules of runs")
struct RunScheduleTests {
    /// A random history: the starts and ends of runs, and the requests.
    private struct History {
        var runs: [(start: Duration, end: Duration)] = []
        /// The latest time at which each requested run had to start, or the first possible time after that.
        var wishes: [(asked: Duration, due: Duration)] = []
    }

    @Test("In any use, there are neither too many nor too few runs", arguments: 1...50)
    func bounds(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        func duration(_ range: ClosedRange<Int>) -> Duration { .milliseconds(Int.random(in: range, using: &random)) }
        let minimum = duration(0...1_000)
        let maximum = minimum + duration(1...5_000)
        let burst = Int.random(in: 1...4, using: &random)
        let history = history(minimum, maximum, burst, &random)

        #expect(history.runs.count > 20)
        for (index, run) in history.runs.enumerated() {
            let idleSince = index == 0 ? .zero : history.runs[index - 1].end
            #expect(run.start - idleSince <= maximum)
            // The time without runs between this run and any later one has room for this number.
            var idle = Duration.zero
            for later in history.runs.indices.dropFirst(index + 1) {
                idle += history.runs[later].start - history.runs[later - 1].end
                #expect(minimum * (later - index + 1 - burst) <= idle)
            }
        }
        for wish in history.wishes {
            guard let index = history.runs.firstIndex(where: { $0.start >= wish.asked }) else { continue }
            let idleSince = index == 0 ? .zero : history.runs[index - 1].end
            #expect(history.runs[index].start <= max(wish.due, idleSince + minimum))
        }
    }

    private func history(
        _ minimum: Duration,
        _ maximum: Duration,
        _ burst: Int,
        _ random: inout SplitMix64
    ) -> History {
        var now = ManualClock.Instant()
        var schedule = RunSchedule(from: now, minInterval: minimum, maxInterval: maximum, burst: burst)
        var history = History()
        func ask(_ schedule: inout RunSchedule<ManualClock.Instant>, _ random: inout SplitMix64) {
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                schedule.request()
                history.wishes.append((now.time, now.time))
            case 1:
                let due = now.advanced(by: .milliseconds(Int.random(in: 0...6_000, using: &random)))
                schedule.retry(at: due)
                history.wishes.append((now.time, due.time))
            default: break
            }
        }
        for _ in 0..<500 {
            ask(&schedule, &random)
            let step = Duration.milliseconds(Int.random(in: 0...2_000, using: &random))
            guard schedule.due <= now.advanced(by: step) else {
                now = now.advanced(by: step)
                continue
            }
            now = max(now, schedule.due)
            schedule.start(at: now)
            let start = now.time
            // A request during a run is for the next one.
            now = now.advanced(by: .milliseconds(Int.random(in: 1...500, using: &random)))
            ask(&schedule, &random)
            schedule.finish(at: now)
            history.runs.append((start, now.time))
        }
        return history
    }

    @Test("After a run no request is left")
    func satisfied() {
        var schedule = RunSchedule(
            from: ManualClock.Instant(),
            minInterval: .seconds(1),
            maxInterval: .seconds(9),
            burst: 1
        )
        schedule.request()
        schedule.retry(at: ManualClock.Instant(time: .seconds(3)))
        schedule.start(at: ManualClock.Instant(time: .seconds(2)))
        #expect(!schedule.isRequested)
        schedule.finish(at: ManualClock.Instant(time: .seconds(2)))
        #expect(schedule.due.time == .seconds(11))
    }
}
