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

        /// Whether neither the table nor the addresses change.
        package var isEmpty: Bool { virtualServers.isEmpty && addressesToBind.isEmpty && addressesToUnbind.isEmpty }
    }
}
