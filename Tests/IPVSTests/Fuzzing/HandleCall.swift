import IPVSFuzzing

@testable import IPVS

/// A call of a handle, and what must hold for its result.
enum HandleCall: CaseIterable {
    case virtualServers, virtualServer, realServers
    case timeouts, info, syncDaemons
    case table, entry, tableStatuses
    case add, batch

    /// Makes the call for a virtual server.
    func make(_ handle: Handle, _ id: VirtualServer.Identity) throws {
        switch self {
        case .virtualServers: for status in try handle.virtualServers() { try status.check() }
        case .virtualServer: try handle.virtualServer(id)?.check()
        case .realServers: for status in try handle.realServers(of: id) { try status.check(in: id) }
        case .timeouts: try handle.timeouts().checkRoundTrip()
        case .info: try handle.info().checkRoundTrip()
        case .syncDaemons: for daemon in try handle.syncDaemons() { try daemon.checkRoundTrip() }
        case .table:
            let table = try handle.table()
            for entry in table.entries {
                try hold(table[entry.server.id] == entry, "there are two entries for \(entry.server.id)")
                try entry.check()
            }
        case .entry: try handle.entry(id)?.check()
        case .tableStatuses:
            var statuses = try handle.tableStatuses()
            while let status = try statuses.next() {
                try status.virtualServer.check()
                for real in status.realServers { try real.check(in: status.virtualServer.server.id) }
            }
        case .add: try handle.add(VirtualServer(id))
        case .batch: try checkBatch(handle, id)
        }
    }

    private func checkBatch(_ handle: Handle, _ id: VirtualServer.Identity) throws {
        let real = RealServer(IPAddress(10, 244, 1, 5), 80, forwarding: .tunnel(.ipip))
        var batch = Handle.Batch()
        batch.add(VirtualServer(id))
        batch.add(real, to: id)
        batch.update(real, of: id)
        batch.delete(real.endpoint, from: id)
        batch.delete(id)
        let outcome = try handle.perform(batch)
        let indexes = outcome.failures.map(\.index)
        try hold(
            Set(indexes).count == indexes.count && indexes == indexes.sorted()
                && indexes.allSatisfy { (0..<batch.count).contains($0) },
            "the changes that failed are \(indexes)"
        )
        try hold(outcome.succeeded == batch.count - indexes.count, "\(outcome.succeeded) changes succeeded")
        for failure in outcome.failures { try failure.error.check() }
    }
}

extension IPVSError {
    /// Expects a sentence.
    func check() throws { try hold("\(self)".hasPrefix("can't \(operation): "), "an error is \"\(self)\"") }
}

extension VirtualServer.Status {
    fileprivate func check() throws {
        try server.checkRoundTrip()
        try statistics.checkRoundTrip()
    }
}

extension RealServer.Status {
    fileprivate func check(in id: VirtualServer.Identity) throws {
        try server.checkRoundTrip(in: id)
        try statistics.checkRoundTrip()
    }
}

extension Table.Entry {
    fileprivate func check() throws {
        try server.checkRoundTrip()
        for real in realServers {
            try hold(self[real.endpoint] == real, "\(server.id) has two real servers at \(real.endpoint)")
            try real.checkRoundTrip(in: server.id)
        }
    }
}
