import IPVS

/// A workload that is measured.
enum Workload: String {
    case addAll = "W1"
    case readAll = "W2"
    case applySame = "W3"
    case changeWeights = "W4"
    case deleteAll = "W5"
    case applyChanged = "W6"

    /// The table that a number of runs need.
    func tableBefore(_ layout: Layout, runs: UInt32) throws -> Table {
        switch self {
        case .addAll: Table()
        case .deleteAll: try layout.table(0..<layout.services * runs)
        case .readAll, .applySame, .changeWeights, .applyChanged: try layout.table(0..<layout.services)
        }
    }

    /// The table after a number of runs.
    func tableAfter(_ layout: Layout, runs: UInt32) throws -> Table {
        switch self {
        case .deleteAll: Table()
        case .addAll, .readAll, .applySame: try layout.table(0..<layout.services)
        case .changeWeights: try layout.table(0..<layout.services, change: .all(pass: runs))
        case .applyChanged: try layout.table(0..<layout.services, change: .few(pass: runs))
        }
    }

    /// Prepares the values of a pass, which a program has before it calls the library, and returns what is measured.
    ///
    /// That returns a check of its result, which is not measured.
    func pass(_ pass: UInt32, _ layout: Layout, _ handle: Handle) throws -> () throws -> () throws -> Void {
        switch self {
        case .addAll:
            let services = try layout.services().map { try layout.service($0) }
            if pass > 1 { try delete(services.reversed().map(\.server.id), handle)() }
            return {
                let outcome = try handle.perform { changes in
                    for service in services {
                        changes.add(service.server)
                        for real in service.realServers { changes.add(real, to: service.server.id) }
                    }
                }
                return check(outcome)
            }
        case .readAll:
            let expected = try tableAfter(layout, runs: pass)
            return {
                let table = try handle.table()
                return { guard table == expected else { throw Problem("the table that was read is not the one") } }
            }
        case .applySame:
            let desired = try tableAfter(layout, runs: pass)
            return {
                let report = try handle.apply(desired)
                return { guard report.plan.isEmpty else { throw Problem("apply found something to do") } }
            }
        case .changeWeights:
            let services = try layout.services().map { try layout.service($0, change: .all(pass: pass)) }
            return {
                let outcome = try handle.perform { changes in
                    for service in services {
                        for real in service.realServers { changes.update(real, of: service.server.id) }
                    }
                }
                return check(outcome)
            }
        case .deleteAll:
            let ids = layout.services(ofPass: pass).map(layout.id)
            return { try delete(ids, handle) }
        case .applyChanged:
            let desired = try tableAfter(layout, runs: pass)
            return {
                let report = try handle.apply(desired)
                return {
                    let share = (layout.services * layout.realServers + 99) / 100
                    guard report.failures.isEmpty, report.updated == share else { throw Problem("\(report)") }
                }
            }
        }
    }

    /// In the reverse order of their addition, if they are added again: the kernel keeps a deleted real server for a
    /// while, and searches there first.
    private func delete(_ ids: [VirtualServer.Identity], _ handle: Handle) throws -> () throws -> Void {
        let outcome = try handle.perform { changes in
            for id in ids { changes.delete(id) }
        }
        return check(outcome)
    }

    private func check(_ outcome: Handle.Batch.Outcome) -> () throws -> Void {
        { if let failure = outcome.failures.first { throw failure.error } }
    }
}
