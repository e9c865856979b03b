extension Handle {
    /// Changes the kernel's table to the desired one, and leaves alone what is as desired already.
    ///
    /// This reads the table, plans the changes, and makes them as a batch. It is idempotent: applying the same table again
    /// changes nothing, or repairs what failed before or what other programs changed.
    ///
    /// - Parameters:
    ///   - desired: The desired table.
    ///   - owns: Whether the caller owns a virtual server. Others are neither changed nor deleted. By default, all are owned.
    /// - Returns: The changes and failures. A change that fails doesn't stop the others.
    /// - Throws: ``IPVSError`` if the table can't be read; or with ``IPVSError/Code/invalidValue`` if the desired table has a
    ///   virtual server that is not owned. Nothing is changed then.
    public func apply(
        _ desired: Table,
        owning owns: (VirtualServer.Identity) -> Bool = { _ in true }
    ) throws(IPVSError) -> ApplyReport {
        let comparison = try compare(desired, owns)
        let plan = comparison.plan
        let outcome = try make(plan)
        return ApplyReport(plan: plan, outcome: outcome, lasting: comparison.lasting)
    }

    /// Returns what ``apply(_:owning:)`` would change now, without changing it.
    public func plan(
        _ desired: Table,
        owning owns: (VirtualServer.Identity) -> Bool = { _ in true }
    ) throws(IPVSError) -> Table.Plan {
        try compare(desired, owns).plan
    }

    /// Compares the owned part of the kernel's table with the desired one.
    private func compare(
        _ desired: Table,
        _ owns: (VirtualServer.Identity) -> Bool
    ) throws(IPVSError) -> Comparison {
        for entry in desired.entries where !owns(entry.server.id) {
            let detail = "it is not one of those that are owned, so it could never be deleted again"
            let operation = IPVSError.Operation(.addVirtualServer(entry.server))
            throw IPVSError(.invalidValue, operation, field: Field(VirtualServer.CodingKeys.id).path, detail: detail)
        }
        return try compare(with: desired) { owns($0.id) }
    }

    /// Compares the kernel's table with the desired one, without the virtual servers that are not included.
    package func compare(
        with desired: Table,
        where isIncluded: (VirtualServer) -> Bool
    ) throws(IPVSError) -> Comparison {
        try scan(into: { _ in Comparison(with: desired) }, where: isIncluded) {
            (comparison, server, realServers) throws(Table.Conflict) in
            try comparison.compare(server, realServers)
        }
    }

    /// Makes the changes of a plan, each by itself; the failures are numbered as the plan's changes.
    package func make(_ plan: Table.Plan) throws(IPVSError) -> Handle.Batch.Outcome {
        try perform { changes in
            for change in plan.changes { changes.make(change.request) }
        }
    }
}

/// The result of ``Handle/apply(_:owning:)``.
public struct ApplyReport: Hashable, Sendable {
    /// The planned changes.
    public let plan: Table.Plan

    /// The changes that failed, with their errors.
    public let failures: [Failure]

    /// The number of virtual and real servers that were added.
    public let added: Int

    /// The number of virtual and real servers that were updated.
    public let updated: Int

    /// The number of virtual servers that were deleted, plus that of real servers deleted from remaining virtual servers.
    public let deleted: Int

    /// The number of virtual and real servers that were as desired already.
    public let unchanged: Int

    /// A change that failed.
    public struct Failure: Hashable, Sendable {
        /// The change.
        public let change: Table.Plan.Change

        /// Its error.
        public let error: IPVSError
    }

    init(plan: Table.Plan, outcome: Handle.Batch.Outcome, lasting: Int) {
        self.plan = plan
        failures = outcome.failures.map { Failure(change: plan.changes[$0.index], error: $0.error) }
        let failed = Set(outcome.failures.map(\.index))
        var (added, updated, deleted) = (0, 0, 0)
        // What remains there, less what the plan changes.
        var unchanged = lasting
        for (index, change) in plan.changes.enumerated() {
            switch change {
            case .addVirtualServer, .addRealServer: added += failed.contains(index) ? 0 : 1
            case .updateVirtualServer, .updateRealServer: updated += failed.contains(index) ? 0 : 1
            case .deleteVirtualServer, .deleteRealServer: deleted += failed.contains(index) ? 0 : 1
            }
            switch change {
            case .addVirtualServer, .addRealServer, .deleteVirtualServer: break
            case .updateVirtualServer, .updateRealServer, .deleteRealServer: unchanged -= 1
            }
        }
        (self.added, self.updated, self.deleted, self.unchanged) = (added, updated, deleted, unchanged)
    }
}

extension ApplyReport: CustomStringConvertible {
    /// The counts on one line, followed by a line for each failure.
    public var description: String {
        let counts = "\(added) added, \(updated) updated, \(deleted) deleted, \(unchanged) unchanged"
        return (["\(counts), \(failures.count) failed"] + failures.map(\.error.description)).joined(separator: "\n")
    }
}
