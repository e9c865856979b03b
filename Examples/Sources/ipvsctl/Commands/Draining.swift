import ArgumentParser
import Common
import IPVS

/// A drain that the user can interrupt.
struct Draining {
    let targets: [Drain.Target]
    let timeout: Duration
    let interval: Duration

    init(_ targets: [Drain.Target], timeout: Duration, interval: Duration = .seconds(1)) {
        self.targets = targets
        self.timeout = timeout
        self.interval = interval
    }

    /// Drains, prints each outcome, and counts those that were deleted and those that were not.
    func run(with handle: Handle) async throws -> (deleted: Int, failed: Int) {
        let (targets, timeout, interval) = (targets, timeout, interval)
        Console.note(
            "draining \(targets.count) real server\(targets.count == 1 ? "" : "s"); Ctrl-C gives back the weight"
        )
        let outcomes: [Drain.Outcome]
        do {
            outcomes = try await Interruption.cancelling {
                try await handle.drain(targets, timeout: timeout, interval: interval)
            }
        } catch let interruption as Interruption {
            Console.fail("interrupted; what was not deleted yet has the weight again that it had")
            throw ExitCode(interruption.status)
        }
        var deleted = 0
        var failures = Several<String>()
        for (target, outcome) in zip(targets, outcomes) {
            let name = "real server \(target.endpoint) of \(target.virtualServer)"
            switch outcome {
            case .drained: Console.print("drained \(name)")
            case .timedOut(1): Console.print("deleted \(name) with 1 connection, since the time was over")
            case .timedOut(let count):
                Console.print("deleted \(name) with \(count) connections, since the time was over")
            case .notFound: failures.append("there is no \(name)")
            case .failed(let error): failures.append("\(error)")
            }
            switch outcome {
            case .drained, .timedOut: deleted += 1
            case .notFound, .failed: break
            }
        }
        for line in failures.lines(\.self) { Console.fail(line) }
        return (deleted, targets.count - deleted)
    }
}
