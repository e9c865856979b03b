public import IPVS
import Netlink

extension AddressBinder {
    /// The addresses at which others reach this node: those of all interfaces but the binder's, as far as they
    /// are in one of the blocks; without blocks, all of them. Node ports are served there.
    ///
    /// Loopback addresses and IPv6 link-local ones are not among them, as they mean another node to others; those of any
    /// other kind that are bound to `lo` are. An address that the binder's interface has and another one too is among them.
    /// - Throws: ``AddressError``.
    public func nodeAddresses(in blocks: [IPAddress.Block] = []) throws(AddressError) -> Set<IPAddress> {
        try nodeAddresses(in: blocks) { _ in false }
    }

    /// The same without the addresses of dummy interfaces whose alias says that they have addresses of services, too.
    package func nodeAddresses(
        in blocks: [IPAddress.Block] = [],
        isServiceInterface: (_ alias: String) -> Bool
    ) throws(AddressError) -> Set<IPAddress> {
        var passedOver = try dummies(where: isServiceInterface)
        if let own = try findLink() { passedOver.insert(own.index) }
        var found: Set<IPAddress> = []
        for entry in try list() where entry.isReachable && !passedOver.contains(entry.interface) {
            if blocks.isEmpty || blocks.cover(entry.address) { found.insert(entry.address) }
        }
        return found
    }

    /// The dummy interfaces whose alias satisfies a condition, by their indexes.
    private func dummies(where isIncluded: (_ alias: String) -> Bool) throws(AddressError) -> Set<Int32> {
        Set(
            try list(.readDummies) { (bytes) throws(MalformedReply) in
                let link = try Link(decoding: bytes)
                guard link.kind == Link.dummyKind, let alias = link.alias else { return nil }
                return isIncluded(alias) ? link.index : nil
            }
        )
    }
}

extension InterfaceAddress {
    /// Whether other nodes may be able to send something to it.
    fileprivate var isReachable: Bool {
        switch address.family {
        case .ipv4: address.high >> 56 != 127
        case .ipv6: !(address.high == 0 && address.low == 1) && !isLinkLocal
        }
    }
}
