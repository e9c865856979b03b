package import IPVS

extension DesiredState {
    /// What ``DesiredState/commit()`` has changed.
    package struct Update: Hashable, Sendable {
        /// The virtual servers that were added, deleted or changed, or whose real servers were; in order.
        package internal(set) var virtualServers: [VirtualServer.Identity] = []

        /// Addresses to bind before the table is changed, in order.
        package internal(set) var addressesToBind: [IPAddress] = []

        /// Addresses to unbind after the table was changed, in order.
        package internal(set) var addressesToUnbind: [IPAddress] = []

        /// What service ports do not get, and did get or did not want before; in order.
        package internal(set) var rejections: [Rejection] = []

        /// The change of the packet rules.
        package internal(set) var rules = PacketRules.Difference()

        /// Where UDP packets of clients begin to have an endpoint, in the order of the virtual servers.
        package internal(set) var startedUDP: [Endpoint] = []

        /// Whether neither the table, nor the addresses, nor the packet rules change.
        package var isEmpty: Bool {
            virtualServers.isEmpty && addressesToBind.isEmpty && addressesToUnbind.isEmpty && rules.isEmpty
        }
    }
}
