import IPVS
import IPVSNode

extension NodeSync {
    /// Gives the virtual servers at the addresses of somebody else's interface the proxy's mark: then they are its own like
    /// those that it makes.
    ///
    /// That comes before anything else, and before the interface is labelled: only until then is each address there the
    /// other proxy's. A process that ends in the middle leaves it to the next one, which finds it so too.
    /// - Throws: Also where one of them could not get the mark, as it would remain somebody else's: the next sync tries again.
    func takeOver(_ state: DesiredState, _ report: inout SyncReport) throws {
        adopt(try kernel.binder.addresses(), state)
        defer { ownership.adopted = .init() }
        let taken = try kernel.table.compare(with: Table()) { ownership.includes($0) }.obsolete.sortedEntries().map(
            \.server
        )
        let plan = Table.Plan(
            changes: taken.filter { ownership.marking($0) != $0 }.map {
                .updateVirtualServer(ownership.marking($0), was: $0)
            }
        )
        guard !plan.isEmpty else { return }
        let outcome = try kernel.table.perform(plan)
        report.changes += outcome.succeeded
        report.takenOver = plan.changes.map(\.virtualServer)
        for failure in outcome.failures where failure.error.code != .virtualServerNotFound { throw failure.error }
    }

    /// Adopts the virtual servers at the interface's addresses, and those at the node's own that services want: of node ports
    /// no address on the interface tells whose they are.
    func adopt(_ addresses: Set<IPAddress>, _ state: DesiredState) {
        ownership.adopted.addresses = addresses
        ownership.adopted.servers = state.table.ids.filter { id in
            id.address.map { state.node.addresses.contains($0) } ?? false
        }
    }
}
