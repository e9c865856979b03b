public import IPVS

/// What decides, besides services and endpoints, what should be in a node's table.
public struct NodeFacts: Hashable, Sendable {
    /// The node's own addresses, which are never bound. Loopback addresses should not be among them: an answer from
    /// another host would not find its way back to a client at one.
    public var addresses: [IPAddress]

    /// In which blocks an address of the node must be to have node ports; empty is no condition.
    public var nodePortBlocks: [IPAddress.Block]

    /// Blocks of addresses that are not the proxy's to serve, whatever services say.
    public var excludedBlocks: [IPAddress.Block]

    /// The scheduler of service ports that name none.
    public var scheduler: Scheduler

    /// Flags that every virtual server has, such as a mark that tells whose it is.
    public var flags: VirtualServer.Flags

    /// The facts of a node.
    public init(
        addresses: [IPAddress] = [],
        nodePortBlocks: [IPAddress.Block] = [],
        excludedBlocks: [IPAddress.Block] = [],
        scheduler: Scheduler = .roundRobin,
        flags: VirtualServer.Flags = []
    ) {
        self.addresses = addresses
        self.nodePortBlocks = nodePortBlocks
        self.excludedBlocks = excludedBlocks
        self.scheduler = scheduler
        self.flags = flags
    }
}

extension NodeFacts {
    /// Whether an address is not the proxy's to serve.
    func excludes(_ address: IPAddress) -> Bool { excludedBlocks.cover(address) }

    /// The addresses that have node ports.
    var nodePortAddresses: [IPAddress] {
        addresses.filter { address in
            nodePortBlocks.isEmpty || nodePortBlocks.cover(address)
        }
    }
}
