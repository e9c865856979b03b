import IPVS
import IPVSNode

/// Which virtual servers without the proxier's mark it takes over outside of a take-over from kube-proxy: those that services
/// want at an address of its own interface.
///
/// `ipvsadm --edit-service` removes the mark, and a process that is started later doesn't remember whose the virtual server
/// was. But that its address is on the proxier's interface still shows it. Nothing shows it for node ports, which are at the
/// node's own addresses.
struct TakeOverRule {
    /// The addresses of the interface before the sync binds any.
    private let addresses: Set<IPAddress>

    /// The marks of the node's other proxiers.
    private let othersMarks: Set<VirtualServer.Flags>

    init(at addresses: Set<IPAddress>, othersMarks: Set<VirtualServer.Flags>) {
        (self.addresses, self.othersMarks) = (addresses, othersMarks)
    }

    /// Whether a virtual server that is wanted becomes the proxier's own.
    func includes(_ server: VirtualServer, _ state: DesiredState) -> Bool {
        guard let address = server.id.address, addresses.contains(address), state.binds(address) else { return false }
        return !othersMarks.contains(Ownership.mark(of: server))
    }
}

extension NodeSync {
    /// Marks the virtual servers at the addresses of another proxy's interface as the proxier's own.
    ///
    /// This comes before anything else, and before the interface is labeled: only until then does each address there belong to
    /// the other proxy. If the process ends halfway, the next one finds the interface without a label too.
    ///
    /// - Throws: Also where one of them could not be marked, as it would stay somebody else's. The next sync tries again.
    func takeOver(_ state: DesiredState, _ report: inout SyncReport) throws {
        claim(at: try kernel.binder.addresses(), state)
        defer { memory.endClaims() }
        let taken = try kernel.table.compare(with: Table(), where: owns).obsolete.sortedEntries().map(\.server)
        let plan = Table.Plan(
            changes: taken.filter { ownership.marking($0) != $0 }.map {
                .updateVirtualServer(ownership.marking($0), was: $0)
            }
        )
        guard !plan.isEmpty else { return }
        let outcome = try kernel.table.make(plan)
        report.changes += outcome.succeeded
        report.takenOver = plan.changes.map(\.virtualServer)
        for failure in outcome.failures where failure.error.code != .virtualServerNotFound { throw failure.error }
    }

    /// Claims the virtual servers at the interface's addresses, and those at the node's own addresses that services want: no
    /// address of the interface tells to whom a node port belongs.
    ///
    /// kube-proxy also makes virtual servers for node ports at loopback addresses. No connection to them works, and no service
    /// wants them, so that what is claimed there is deleted.
    func claim(at addresses: Set<IPAddress>, _ state: DesiredState) {
        let servers = state.table.ids.filter { id in id.address.map(state.node.addresses.contains) ?? false }
        let ports = state.services.objects.values.flatMap(\.ports.values)
        let nodePorts = ports.compactMap { port in
            port.nodePort.map { SyncMemory.NodePort(transport: port.transport, port: $0) }
        }
        memory.claim(at: addresses, and: servers, loopbackPorts: Set(nodePorts))
    }

    /// Whether a virtual server of the kernel's table is the proxier's own.
    func owns(_ server: VirtualServer) -> Bool { ownership.includes(server, by: memory) }
}
