import CNetlinkShim

/// Constants of the netlink message format.
public enum Framing {
    /// The length of a netlink header.
    public static let headerLength = MemoryLayout<nlmsghdr>.size

    /// The length of a generic netlink header.
    public static let genericHeaderLength = MemoryLayout<genlmsghdr>.size

    /// The length of an attribute's header.
    @inlinable
    public static var attributeHeaderLength: Int { 4 }

    /// The bits of an attribute's type, without the flags for nested attributes and network byte order.
    @inlinable
    public static var attributeTypeMask: Int { 0x3fff }

    /// A length rounded up to a multiple of four bytes, at which messages and attributes begin.
    @inlinable
    public static func aligned(_ length: Int) -> Int { (length + 3) & ~3 }
}
