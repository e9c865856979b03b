public import IPVS

extension InMemoryKernel {
    /// A command that a kernel in memory has received.
    ///
    /// A handle's method sends one or more of them: `realServers(of:)`, for example, asks for the virtual server too if the list is
    /// empty.
    public enum Command: Hashable, Sendable {
        /// Adds a virtual server.
        case addVirtualServer(VirtualServer)

        /// Replaces the configuration of a virtual server.
        case updateVirtualServer(VirtualServer)

        /// Deletes a virtual server with its real servers.
        case deleteVirtualServer(VirtualServer.Identity)

        /// Asks for a virtual server.
        case readVirtualServer(VirtualServer.Identity)

        /// Asks for all virtual servers.
        case listVirtualServers

        /// Adds a real server to a virtual server.
        case addRealServer(RealServer, to: VirtualServer.Identity)

        /// Replaces the configuration of a real server.
        case updateRealServer(RealServer, of: VirtualServer.Identity)

        /// Deletes a real server from a virtual server.
        case deleteRealServer(Endpoint, from: VirtualServer.Identity)

        /// Asks for the real servers of a virtual server.
        case listRealServers(of: VirtualServer.Identity)

        /// Starts a sync daemon.
        case startSyncDaemon(SyncDaemon)

        /// Stops a sync daemon.
        case stopSyncDaemon(SyncDaemon.Role)

        /// Asks for the sync daemons.
        case listSyncDaemons

        /// Sets the timeouts that are not nil.
        case setTimeouts(Timeouts)

        /// Asks for the timeouts.
        case readTimeouts

        /// Asks for the version of IPVS.
        case readInfo

        /// Sets the counters of a virtual server and its real servers to zero, or all counters if it is nil.
        case zeroCounters(VirtualServer.Identity?)

        /// Deletes all virtual servers.
        case flush

        /// A command that a handle can't send: its number.
        case other(UInt8)
    }
}

extension InMemoryKernel.Command {
    /// Whether the command can change what the kernel has, as all do except those that ask for something.
    public var isChange: Bool {
        switch self {
        case .readVirtualServer, .listVirtualServers, .listRealServers, .listSyncDaemons, .readTimeouts, .readInfo:
            false
        case .addVirtualServer, .updateVirtualServer, .deleteVirtualServer, .addRealServer, .updateRealServer,
            .deleteRealServer, .startSyncDaemon, .stopSyncDaemon, .setTimeouts, .zeroCounters, .flush, .other:
            true
        }
    }
}
