package import IPVS

/// What decides, besides services and endpoints, what should be in a node's table.
package struct NodeFacts: Hashable, Sendable {
    /// The node's own addresses, which are never bound. Loopback addresses should not be among them: an answer from another
    /// host would not find its way back to a client at one.
    package var addresses: [IPAddress]

    /// In which blocks an address of the node must be to serve node ports; all of them do if it is empty.
    package var nodePortBlocks: [IPAddress.Block]

    /// Blocks of addresses that are not served, whatever services want.
    package var excludedBlocks: [IPAddress.Block]

    /// The scheduler of service ports that don't name one.
    package var scheduler: Scheduler

    /// Flags of every virtual server, such as a mark that tells whose it is.
    package var flags: VirtualServer.Flags

    /// The facts of a node.
    package init(
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
    /// What a configuration says of a node, whose addresses are not known yet.
    init(_ configuration: Proxier.Configuration, mark: VirtualServer.Flags) {
        self.init(
            nodePortBlocks: configuration.nodePortBlocks,
            excludedBlocks: configuration.excludedBlocks,
            scheduler: configuration.scheduler,
            flags: mark
        )
    }

    /// Whether an address is excluded.
    func excludes(_ address: IPAddress) -> Bool { excludedBlocks.cover(address) }

    /// The node-port blocks in which no node port is served, each once, in the configured order. The node's addresses must be
    /// known.
    var unservedBlocks: [UnservedBlock] {
        var seen: Set<IPAddress.Block> = []
        return nodePortBlocks.filter { block in
            seen.insert(block).inserted && !addresses.contains(where: block.contains)
        }
        .map(UnservedBlock.init)
    }

    /// The addresses that serve node ports.
    var nodePortAddresses: [IPAddress] {
        addresses.filter { address in
            nodePortBlocks.isEmpty || nodePortBlocks.cover(address)
        }
    }
}
