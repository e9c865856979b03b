public import IPVS

extension AddressBinder {
    /// The addresses at which others reach this node: those of all interfaces but the binder's, as far as they are in one
    /// of the blocks; without blocks, all of them. Node ports are served there.
    ///
    /// Loopback addresses and IPv6 link-local ones are not among them, as they mean another node to others; those of any
    /// other kind that are bound to `lo` are. An address that the binder's interface has and another one too is among them.
    /// - Throws: ``AddressError``.
    public func nodeAddresses(in blocks: [IPAddress.Block] = []) throws(AddressError) -> Set<IPAddress> {
        let own = try findLink()?.index
        var found: Set<IPAddress> = []
        for entry in try list() where entry.interface != own && entry.address.isReachable {
            if blocks.isEmpty || blocks.contains(where: { $0.contains(entry.address) }) { found.insert(entry.address) }
        }
        return found
    }
}

extension IPAddress {
    /// Whether other nodes may be able to send something to it.
    fileprivate var isReachable: Bool {
        switch family {
        case .ipv4: high >> 56 != 127
        case .ipv6: !(high == 0 && low == 1) && high >> 54 != 0xfe80 >> 6
        }
    }
}
