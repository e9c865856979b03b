public import IPVS
import Netlink

extension AddressBinder {
    /// The addresses of this node that other nodes can reach, such as for node ports (`RTM_GETADDR`).
    ///
    /// These are the addresses of all interfaces except the binder's, without loopback addresses and IPv6 link-local
    /// addresses. Other addresses of `lo` are included, and an address that both the binder's interface and another one
    /// have.
    /// - Parameter blocks: The blocks that an address must be in. If there are none, all addresses are returned.
    /// - Returns: The addresses.
    /// - Throws: ``AddressError``.
    public func nodeAddresses(in blocks: [IPAddress.Block] = []) throws(AddressError) -> Set<IPAddress> {
        try nodeAddresses(in: blocks) { _ in false }
    }

    /// Also leaves out the addresses of dummy interfaces whose alias shows that they have addresses of services.
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

    /// The indexes of dummy interfaces whose alias satisfies a condition.
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
    /// Whether other nodes may be able to reach it.
    fileprivate var isReachable: Bool {
        switch address.family {
        case .ipv4: address.high >> 56 != 127
        case .ipv6: !(address.high == 0 && address.low == 1) && !isLinkLocal
        }
    }
}
