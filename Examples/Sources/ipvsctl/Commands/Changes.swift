import Common
import IPVS

/// How much was changed, in one step or in several on the way to one table.
struct Changes: CustomStringConvertible {
    private var added = 0
    private var updated = 0
    var deleted = 0
    private var unchanged = 0

    /// What was not changed in the last step.
    private(set) var failures: Set<Plan.Change> = []

    /// The changes of a report, which are printed, and its failures, which are told.
    init(told report: ApplyReport) { add(report) }

    /// Adds another step; what has failed before, and fails again, is not told again.
    mutating func add(_ report: ApplyReport) {
        let failed = Set(report.failures.map(\.change))
        Console.print(changes: report.plan.filter { !failed.contains($0) }.description)
        for failure in report.failures where !failures.contains(failure.change) { Console.fail("\(failure.error)") }
        failures = failed
        // What an earlier step has changed is no change of this one.
        unchanged = report.unchanged - added - updated
        added += report.added
        updated += report.updated
        deleted += report.deleted
    }

    /// The counts on one line.
    var description: String {
        "\(added) added, \(updated) updated, \(deleted) deleted, \(unchanged) unchanged, \(failures.count) failed"
    }
}

/// What a table has that another one has not: the real servers to drain on the way from one to the other.
struct Leaving {
    /// The real servers that go, those of virtual servers that go included.
    private(set) var targets: [Drain.Target] = []

    /// The other table, with what leaves still in it.
    private(set) var kept: Table

    init(from current: Table, to desired: Table, owning owns: (VirtualServer.Identity) -> Bool) {
        kept = desired
        for service in current.services where owns(service.server.id) {
            let id = service.server.id
            var merged = desired[id] ?? Table.Service(service.server)
            let staying = Set(merged.realServers.map(\.endpoint))
            for real in service.realServers where !staying.contains(real.endpoint) {
                merged.replace(real)
                targets.append(Drain.Target(real.endpoint, of: id))
            }
            kept.replace(merged)
        }
    }
}
