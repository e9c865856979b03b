public import IPVS
public import IPVSNode

extension Proxier {
    /// What a proxier goes by.
    public struct Configuration: Sendable {
        /// The name of the dummy interface that addresses are bound to. It also tells the virtual servers of one proxier from
        /// those of another, so two on one node need two.
        public var interface = AddressBinder.defaultInterface

        /// How the kernel is made to take what is sent to a service's address for its own. Routes are quicker where there are
        /// thousands.
        public var bindingMethod = AddressBinder.Method.addresses

        /// The network namespace of the node; nil is the one that the calling thread is in.
        public var namespace: NetworkNamespace?

        /// The scheduler of service ports that name none.
        public var scheduler = Scheduler.roundRobin

        /// In which blocks an address of the node must be to have node ports; empty is no condition.
        public var nodePortBlocks: [IPAddress.Block] = []

        /// Blocks of addresses that are not the proxier's to serve, bind, change or clean up.
        public var excludedBlocks: [IPAddress.Block] = []

        /// How much time is at least between two syncs.
        public var minSyncPeriod = Duration.seconds(1)

        /// After which time everything is compared with the kernel, and what others have changed is mended; not less than
        /// ``minSyncPeriod``.
        public var syncPeriod = Duration.seconds(30)

        /// How long a real server that leaves may keep its connections.
        public var drainTimeout = Duration.seconds(15 * 60)

        /// How long to wait between two looks at the real servers that leave.
        public var drainInterval = Duration.seconds(5)

        /// Settings of the kernel to make at the start and whenever everything is compared, and to restore in a clean-up.
        public var sysctls = Sysctl.ipvsMode()

        /// The configuration of kube-proxy's IPVS mode.
        public init() {}
    }
}
