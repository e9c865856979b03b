extension Handle {
    /// Makes the kernel's table what it should be, and changes nothing that is right already.
    ///
    /// It reads the table, plans, and performs the plan as a batch. To apply a table again changes nothing; to apply it
    /// after failures, or after others changed something, makes it so again.
    /// - Parameters:
    ///   - desired: The virtual servers that should be there.
    ///   - owns: Which virtual servers are the caller's to change and delete: all, if it is left out. Those of others are
    ///     not touched.
    /// - Returns: What was changed and what failed. One failure does not keep the rest from being changed.
    /// - Throws: ``IPVSError`` if the table can't be read, or if it should have a virtual server that is not owned, with
    ///   ``IPVSError/Code/invalidValue``; nothing was changed then.
    public func apply(
        _ desired: Table,
        owning owns: (VirtualServer.Identity) -> Bool = { _ in true }
    ) throws(IPVSError) -> ApplyReport {
        let comparison = try compare(desired, owns)
        let plan = comparison.plan
        let outcome = try perform(plan)
        return ApplyReport(plan: plan, outcome: outcome, lasting: comparison.lasting)
    }

    /// What ``apply(_:owning:)`` would change now: a dry run.
    public func plan(
        _ desired: Table,
        owning owns: (VirtualServer.Identity) -> Bool = { _ in true }
    ) throws(IPVSError) -> Table.Plan {
        try compare(desired, owns).plan
    }

    /// Compares the kernel's table, without what others own, with the one that should be.
    private func compare(
        _ desired: Table,
        _ owns: (VirtualServer.Identity) -> Bool
    ) throws(IPVSError) -> Comparison {
        for service in desired.entries where !owns(service.server.id) {
            let detail = "it is not one of those that are owned, so it could never be deleted again"
            let operation = IPVSError.Operation(.addVirtualServer(service.server))
            throw IPVSError(.invalidValue, operation, field: Field(VirtualServer.CodingKeys.id).path, detail: detail)
        }
        return try compare(with: desired) { owns($0.id) }
    }

    /// Compares the kernel's table with another one, but for the virtual servers that are not to be looked at.
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
    package func perform(_ plan: Table.Plan) throws(IPVSError) -> Handle.Batch.Outcome {
        try perform { changes in
            for change in plan.changes { changes.make(change.request) }
        }
    }
}

/// What ``Handle/apply(_:owning:)`` has changed.
public struct ApplyReport: Hashable, Sendable {
    /// The changes that were to be made.
    public let plan: Table.Plan

    /// The changes that failed, with their errors.
    public let failures: [Failure]

    /// How many virtual and real servers were added.
    public let added: Int

    /// How many virtual and real servers were updated.
    public let updated: Int

    /// How many virtual servers were deleted, and real servers of virtual servers that stay.
    public let deleted: Int

    /// How many virtual and real servers were right already.
    public let unchanged: Int

    /// A change that failed.
    public struct Failure: Hashable, Sendable {
        /// What was to be changed.
        public let change: Table.Plan.Change

        /// Why it was not.
        public let error: IPVSError
    }

    init(plan: Table.Plan, outcome: Handle.Batch.Outcome, lasting: Int) {
        self.plan = plan
        failures = outcome.failures.map { Failure(change: plan.changes[$0.index], error: $0.error) }
        let failed = Set(outcome.failures.map(\.index))
        var (added, updated, deleted) = (0, 0, 0)
        // What stays there, less what the plan wants otherwise.
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
    /// The counts on one line, and a line for each failure.
    public var description: String {
        let counts = "\(added) added, \(updated) updated, \(deleted) deleted, \(unchanged) unchanged"
        return (["\(counts), \(failures.count) failed"] + failures.map(\.error.description)).joined(separator: "\n")
    }
}
