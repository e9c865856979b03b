public import IPVS
public import IPVSNode

extension Proxier {
    /// The configuration of a proxier.
    public struct Configuration: Sendable {
        /// The name of the dummy interface that addresses are bound to. It also tells the virtual servers of one proxier from
        /// those of another, so two proxiers on one node need two interfaces.
        public var interface = AddressBinder.defaultInterface

        /// How the kernel is made to accept packets to the services' addresses. Routes are faster where there are thousands.
        public var bindingMethod = AddressBinder.Method.addresses

        /// The network namespace of the node; nil for that of the calling thread.
        public var namespace: NetworkNamespace?

        /// The scheduler of service ports that don't name one.
        public var scheduler = Scheduler.roundRobin

        /// In which blocks an address of the node must be to serve node ports; if it is empty, all of them do. Loopback addresses
        /// never do. A block without an address that can is logged as a warning.
        public var nodePortBlocks: [IPAddress.Block] = []

        /// Blocks of addresses that the proxier does not serve, bind, change or clean up.
        public var excludedBlocks: [IPAddress.Block] = []

        /// The minimum time between two syncs.
        public var minSyncPeriod = Duration.seconds(1)

        /// The time after which everything is compared with the kernel, and what others have changed is repaired; at least
        /// ``minSyncPeriod``.
        public var syncPeriod = Duration.seconds(30)

        /// How long a draining real server may keep its connections.
        public var drainTimeout = Duration.seconds(15 * 60)

        /// How often draining real servers are looked at.
        public var drainInterval = Duration.seconds(5)

        /// How long ``Proxier/sync()`` and ``Proxier/cleanup()`` wait while another proxier uses the interface.
        public var lockTimeout = Duration.seconds(10)

        /// Kernel settings that every full sync makes and a clean-up restores.
        public var sysctls = Sysctl.ipvsMode()

        /// Timeouts of idle connections, in seconds, that every full sync sets and a clean-up restores; nil leaves the kernel's
        /// value.
        public var timeouts = Timeouts()

        /// The options of the packet rules, if the proxier has a ``PacketFilter``.
        public var packetRules = PacketRules.Options()

        /// The configuration of kube-proxy's IPVS mode.
        public init() {}
    }
}
