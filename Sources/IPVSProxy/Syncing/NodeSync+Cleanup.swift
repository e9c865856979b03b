import IPVS
import IPVSNode

extension NodeSync {
    /// Removes all that is the proxy's own: its virtual servers, its addresses, the interface if nobody else uses it, and
    /// its changes of the kernel's settings.
    func cleanUp() throws -> CleanupReport {
        var report = CleanupReport()
        let found = try kernel.binder.alias().flatMap { InterfaceLabel($0) }
        // The addresses of an interface that it has not labelled are somebody else's.
        let bound = found == nil ? [] : try kernel.binder.addresses()
        try deleteAll(&report)
        // While the label still tells what they were. What it had no room for, or what has gone with the interface, is known to
        // the process that made it.
        if let label = label ?? found { report.settings = kernel.sysctls.restore(label.changes) }
        if found != nil { try remove(bound.filter { !ownership.excludes($0) }, of: bound, &report) }
        forgetAll()
        return report
    }

    private func deleteAll(_ report: inout CleanupReport) throws(IPVSError) {
        let own = try kernel.table.compare(with: Table()) { ownership.includes($0) }.obsolete.sortedEntries()
        let plan = Table.Plan(changes: own.map { .deleteVirtualServer($0.server) })
        guard !plan.isEmpty else { return }
        let outcome = try kernel.table.perform(plan)
        report.virtualServers = outcome.succeeded
        for failure in outcome.failures where failure.error.code != .virtualServerNotFound {
            let id = plan.changes[failure.index].virtualServer
            report.failures.append(SyncFailure(virtualServer: id, reason: .table(failure.error)))
        }
    }

    /// Unbinds addresses of those that are bound; with the interface if it has no others.
    private func remove(
        _ addresses: Set<IPAddress>,
        of bound: Set<IPAddress>,
        _ report: inout CleanupReport
    ) throws(AddressError) {
        if try !kernel.binder.hasAddresses(besides: addresses) {
            report.removedInterface = try kernel.binder.removeInterface()
            report.addresses = addresses.count
            return
        }
        let outcome = try kernel.binder.unbind(addresses)
        report.addresses = outcome.changed
        for error in outcome.failures.sorted(by: { $0.key < $1.key }).map(\.value) {
            report.failures.append(SyncFailure(virtualServer: nil, reason: .address(error)))
        }
        // It is not the proxy's any more, unless there is something that it may not touch this time.
        try kernel.binder.setAlias(addresses == bound ? "" : InterfaceLabel().description)
    }

    /// Begins as a new process does.
    private func forgetAll() {
        label = nil
        ownership.known = []
        drains = DrainList()
        (doubtful, unmade, leftAddresses) = ([], [], [])
        lastFullSync = nil
    }
}
