import IPVS
import IPVSNode

extension NodeSync {
    /// Removes everything of the proxier's own: its virtual servers, its addresses, the interface if nobody else uses it, its
    /// packet rules, and its changes of kernel settings.
    func cleanUp() throws -> CleanupReport {
        try verifyMark()
        var report = CleanupReport()
        let found = try kernel.binder.alias().flatMap(readLabel)
        // The addresses of an interface that the proxier has not labeled are somebody else's.
        let bound = found == nil ? [] : try kernel.binder.addresses()
        try deleteAll(&report)
        report.left = try unmarkedServers(at: bound.filter { !ownership.excludes($0) })
        // The settings are restored while the label still records them. Changes that did not fit into it, or that were lost with
        // the interface, are known to the process that made them.
        if let label = label ?? found {
            report.settings = kernel.sysctls.restore(label.changes)
            report.timeouts = try restoreTimeouts(label.timeouts)
        }
        if found != nil { try remove(bound.filter { !ownership.excludes($0) }, of: bound, &report) }
        // Until here they protect what is left.
        removeRules(&report)
        forgetAll()
        return report
    }

    /// The virtual servers at some addresses that no mark assigns to a proxier.
    private func unmarkedServers(at addresses: Set<IPAddress>) throws(IPVSError) -> [VirtualServer.Identity] {
        guard !addresses.isEmpty else { return [] }
        return try kernel.table.compare(with: Table()) { server in
            Ownership.mark(of: server).isEmpty && server.id.address.map(addresses.contains) == true
        }
        .obsolete.sortedEntries().map(\.server.id)
    }

    private func deleteAll(_ report: inout CleanupReport) throws(IPVSError) {
        let own = try kernel.table.compare(with: Table(), where: owns).obsolete.sortedEntries()
        let plan = Table.Plan(changes: own.map { .deleteVirtualServer($0.server) })
        guard !plan.isEmpty else { return }
        let outcome = try kernel.table.make(plan)
        report.virtualServers = outcome.succeeded
        for failure in outcome.failures where failure.error.code != .virtualServerNotFound {
            let id = plan.changes[failure.index].virtualServer
            report.failures.append(SyncFailure(virtualServer: id, reason: .table(failure.error)))
        }
    }

    /// Unbinds some of the addresses that are bound, or removes the interface if it has no others.
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
        // The interface is no longer the proxier's, unless it still has excluded addresses.
        try kernel.binder.setAlias(addresses == bound ? "" : InterfaceLabel().description)
    }

    private func removeRules(_ report: inout CleanupReport) {
        guard let filter = kernel.packetFilter else { return }
        do throws(PacketFilterError) {
            report.removedRules = try filter.remove()
        } catch {
            // A kernel that can't have rules has none.
            guard error.code != .unavailable else { return }
            report.failures.append(SyncFailure(virtualServer: nil, reason: .rules(error)))
        }
    }

    /// Starts again as a new process does.
    private func forgetAll() {
        rules = RuleSync()
        startedUDP = []
        label = nil
        drains = DrainList()
        memory.forgetAll()
        lastFullSync = nil
    }
}
