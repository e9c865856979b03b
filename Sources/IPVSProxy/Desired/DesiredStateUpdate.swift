public import IPVS

extension DesiredState {
    /// What is otherwise after ``DesiredState/apply()``.
    public struct Update: Hashable, Sendable {
        /// The virtual servers that are added, deleted or otherwise, or whose real servers are; ordered by identity.
        public internal(set) var changes: [Change] = []

        /// Addresses to bind before the changes are made, in order.
        public internal(set) var addressesToBind: [IPAddress] = []

        /// Addresses to unbind after the changes were made, in order.
        public internal(set) var addressesToUnbind: [IPAddress] = []

        /// What service ports do not get, and did get before or did not want; in order.
        public internal(set) var rejections: [Rejection] = []

        /// Whether there is nothing to be done to the table and the addresses.
        public var isEmpty: Bool { changes.isEmpty && addressesToBind.isEmpty && addressesToUnbind.isEmpty }
    }

    /// What is otherwise about a virtual server.
    public struct Change: Hashable, Sendable {
        /// The virtual server.
        public let id: VirtualServer.Identity

        /// The service port that it is for; for one that is deleted, the one that it was for.
        public let servicePort: ServicePortName

        /// The virtual server with its real servers as it was; nil if it is added.
        public let old: Table.Entry?

        /// The virtual server with its real servers as it should be; nil if it is deleted.
        public let new: Table.Entry?
    }
}

extension DesiredState.Update {
    /// The plan that makes the changes, if the kernel's table is what it should have been before.
    public var plan: Table.Plan { Table.Plan(from: table(of: \.old), to: table(of: \.new)) }

    private func table(of service: (DesiredState.Change) -> Table.Entry?) -> Table {
        var table = Table()
        for change in changes {
            if let service = service(change) { table.replace(service) }
        }
        return table
    }

    /// Real servers that UDP virtual servers no longer have. UDP has no end of a connection, so clients may be sent there
    /// until what the kernel remembers of them is forgotten.
    public var staleRealServers: [Drain.Target] {
        changes.filter(\.isUDP).flatMap { change in
            let kept = Set((change.new?.realServers ?? []).map(\.endpoint))
            return (change.old?.realServers ?? []).map(\.endpoint).filter { !kept.contains($0) }
                .map { Drain.Target($0, of: change.id) }
        }
    }

    /// UDP virtual servers that are gone, and those that have real servers but had none: the kernel may remember of clients
    /// that there is one, or that there is none.
    public var staleVirtualServers: [VirtualServer.Identity] {
        changes.filter(\.isUDP).filter { change in
            guard let new = change.new else { return true }
            return !new.realServers.isEmpty && (change.old?.realServers ?? []).isEmpty
        }
        .map(\.id)
    }
}

extension DesiredState.Change {
    fileprivate var isUDP: Bool {
        guard case .endpoint(.udp, _) = id else { return false }
        return true
    }
}
