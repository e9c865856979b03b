package import Netlink

// IPVS has 16 bytes for an address of either family, of which IPv4 uses the first four.

extension AttributeWriter where Self: ~Copyable {
    @inline(__always)
    package mutating func put(_ attribute: Int, _ address: IPAddress) {
        put(attribute, SixteenBytes(high: address.high, low: address.low))
    }
}

extension SixteenBytes {
    /// The address; what the kernel leaves behind an IPv4 address is not part of it.
    package func address(_ family: IPAddress.Family) -> IPAddress {
        switch family {
        case .ipv4: IPAddress(ipv4: UInt32(high >> 32))
        case .ipv6: IPAddress(family: .ipv6, high: high, low: low)
        }
    }
}
