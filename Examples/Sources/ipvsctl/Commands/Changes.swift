import Common
import IPVS

/// The numbers of changes, made in one step or in several.
struct Changes: CustomStringConvertible {
    private var added = 0
    private var updated = 0
    var deleted = 0
    private var unchanged = 0

    /// The changes that failed in the last step.
    private(set) var failures: Set<Table.Plan.Change> = []

    /// No changes.
    init() {}

    /// The changes of a report, which are printed, and its failures, which go to standard error.
    init(reporting report: ApplyReport) { add(report) }

    /// Adds another step; what has failed before, and fails again, is not reported again.
    mutating func add(_ report: ApplyReport) {
        print(report.plan, report.failures.map { ($0.change, $0.error) })
        // What an earlier step has changed is no change of this one.
        unchanged = report.unchanged - added - updated
        added += report.added
        updated += report.updated
        deleted += report.deleted
    }

    /// Adds a step that was made by a batch.
    mutating func add(_ plan: Table.Plan, _ outcome: Handle.Batch.Outcome) {
        print(plan, outcome.failures.map { (plan.changes[$0.index], $0.error) })
        for change in plan.changes where !failures.contains(change) {
            switch change {
            case .addVirtualServer, .addRealServer: added += 1
            case .updateVirtualServer, .updateRealServer: updated += 1
            case .deleteVirtualServer, .deleteRealServer: deleted += 1
            }
        }
    }

    private mutating func print(_ plan: Table.Plan, _ failed: [(change: Table.Plan.Change, error: IPVSError)]) {
        let known = failures
        failures = Set(failed.map(\.change))
        Console.print(changes: plan.filter { !failures.contains($0) }.description)
        // All can have failed, of a table with any number of changes.
        let errors = Several(failed.lazy.filter { !known.contains($0.change) }.map(\.error))
        for line in errors.lines(\.description) { Console.fail(line) }
    }

    /// The counts on one line.
    var description: String {
        "\(added) added, \(updated) updated, \(deleted) deleted, \(unchanged) unchanged, \(failures.count) failed"
    }
}

/// The real servers that one table has and another one doesn't: those to drain.
struct Leaving {
    /// The real servers to delete, including those of virtual servers to delete.
    private(set) var targets: [Drain.Target] = []

    /// The desired table, plus the real servers to delete.
    private(set) var kept: Table

    /// What is there, of what is owned.
    private var current = Table()

    /// What to change before anything is drained.
    var plan: Table.Plan { Table.Plan(from: current, to: kept) }

    init(from current: Table, to desired: Table, owning owns: (VirtualServer.Identity) -> Bool) {
        kept = desired
        for service in current.sortedEntries() where owns(service.server.id) {
            let id = service.server.id
            self.current.replace(service)
            var merged = desired[id] ?? Table.Entry(service.server)
            let staying = Set(merged.realServers.map(\.endpoint))
            for real in service.realServers where !staying.contains(real.endpoint) {
                merged.replace(real)
                targets.append(Drain.Target(real.endpoint, of: id))
            }
            kept.replace(merged)
        }
    }
}
