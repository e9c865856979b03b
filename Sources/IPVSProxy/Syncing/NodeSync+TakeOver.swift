import IPVS

extension NodeSync {
    /// Gives the virtual servers at the addresses of somebody else's interface the proxy's mark: then they are its own like
    /// those that it makes.
    ///
    /// That comes before anything else, and before the interface is labelled: only until then is each address there the
    /// other proxy's. A process that ends in the middle leaves it to the next one, which finds it so too.
    func takeOver(_ report: inout SyncReport) throws {
        ownership.adopted = try kernel.binder.addresses()
        defer { ownership.adopted = [] }
        let taken = try kernel.table.compare(with: Table()) { ownership.includes($0) }.obsolete.services.map(\.server)
        let plan = Plan(
            changes: taken.filter { ownership.marking($0) != $0 }.map { .updateServer(ownership.marking($0), was: $0) }
        )
        guard !plan.isEmpty else { return }
        let outcome = try kernel.table.perform(plan)
        report.changes += outcome.succeeded
        for failure in outcome.failures where failure.error.code != .serviceNotFound {
            // It remains somebody else's.
            let id = plan.changes[failure.index].virtualServer
            report.failures.append(SyncFailure(virtualServer: id, reason: .table(failure.error)))
        }
    }
}
