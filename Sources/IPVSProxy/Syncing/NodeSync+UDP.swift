import IPVS
import IPVSNode

/// The connections that the kernel tracks, with the call that a sync makes, so that tests can stand in for the kernel.
protocol TrackedConnections: Sendable {
    /// Deletes the entries of UDP packets to some endpoints that nothing has translated; see `ConnectionTracking`.
    @discardableResult
    func deleteUntranslatedUDP(to endpoints: Set<Endpoint>) throws(ConnectionTrackingError) -> Int
}

extension ConnectionTracking: TrackedConnections {}

extension NodeSync {
    /// Deletes the conntrack entries of UDP clients that have been sending to addresses before services had endpoints there. As
    /// long as such a client goes on, its packets would not be masqueraded.
    ///
    /// It comes after everything else, so that the next packet finds rules and virtual servers.
    func forgetUnservedClients(_ report: inout SyncReport) {
        let served = startedUDP.filter { !memory.failed.contains(.endpoint(.udp, $0)) }
        guard let tracking = kernel.tracking, !served.isEmpty else { return }
        do throws(ConnectionTrackingError) {
            report.deletedEntries += try tracking.deleteUntranslatedUDP(to: served)
            startedUDP.subtract(served)
        } catch {
            report.failures.append(SyncFailure(virtualServer: nil, reason: .connectionTracking(error)))
        }
    }
}
