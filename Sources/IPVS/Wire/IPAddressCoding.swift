package import Netlink

// IPVS uses 16 bytes for addresses of both families. An IPv4 address is in the first four.

extension AttributeWriter where Self: ~Copyable {
    @inline(__always)
    package mutating func put(_ attribute: Int, _ address: IPAddress) {
        put(attribute, SixteenBytes(high: address.high, low: address.low))
    }
}

extension SixteenBytes {
    /// The address of a family. Bytes after an IPv4 address are ignored.
    package func address(_ family: IPAddress.Family) -> IPAddress {
        switch family {
        case .ipv4: IPAddress(ipv4: UInt32(high >> 32))
        case .ipv6: IPAddress(family: .ipv6, high: high, low: low)
        }
    }
}
