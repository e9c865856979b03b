import CNetlinkShim

/// The constants of netlink's framing, as Swift integers.
public enum Framing {
    public static let headerLength = MemoryLayout<nlmsghdr>.size
    public static let genericHeaderLength = MemoryLayout<genlmsghdr>.size

    @inlinable
    public static var attributeHeaderLength: Int { 4 }

    /// An attribute's type, without the flags that say that it is nested or of network byte order.
    @inlinable
    public static var attributeTypeMask: Int { 0x3fff }

    /// Messages and attributes begin at multiples of four bytes.
    @inlinable
    public static func aligned(_ length: Int) -> Int { (length + 3) & ~3 }
}
