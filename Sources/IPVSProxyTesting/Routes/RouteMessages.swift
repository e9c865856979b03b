import CRTNetlink
import IPVS
import IPVSTesting
import Netlink

/// The messages of rtnetlink about what a node has. They share no code with what reads them.
enum RouteMessages {
    /// The table of routes to the node's own addresses, and their type.
    static let localTable = UInt8(RT_TABLE_LOCAL.rawValue)
    static let localType = UInt8(RTN_LOCAL)

    /// The origin of the routes that an `AddressBinder` adds.
    static let binderOrigin: UInt8 = 118

    /// The origin of those that the kernel adds for each address.
    static let kernelOrigin = UInt8(RTPROT_KERNEL)

    /// The payload about an interface.
    static func link(_ name: String, _ number: Int32, _ interface: InMemoryNode.Interface) -> [UInt8] {
        var header = ifinfomsg()
        header.ifi_index = number
        header.ifi_flags = interface.isUp ? UInt32(IFF_UP) : 0
        var writer = MessageWriter()
        writer.append(bytes(of: header))
        writer.put(IFLA_IFNAME, name)
        if !interface.alias.isEmpty { writer.put(IFLA_IFALIAS, interface.alias) }
        if let kind = interface.kind { writer.nest(IFLA_LINKINFO) { $0.put(IFLA_INFO_KIND, kind) } }
        return writer.bytes
    }

    /// The payload about an address of an interface.
    static func address(_ entry: InMemoryNode.InterfaceAddress, _ number: Int32) -> [UInt8] {
        var header = ifaddrmsg()
        header.ifa_family = UInt8(entry.address.family.rawValue)
        header.ifa_prefixlen = entry.prefixLength
        header.ifa_index = UInt32(bitPattern: number)
        var writer = MessageWriter()
        writer.append(bytes(of: header))
        writer.put(IFA_ADDRESS, entry.address.bytes)
        // For IPv6 the kernel has this one only where there is another address at the other end.
        if entry.address.family == .ipv4 { writer.put(IFA_LOCAL, entry.address.bytes) }
        return writer.bytes
    }

    /// The payload about a route to an address of the node itself.
    static func route(_ address: IPAddress, _ number: Int32, origin: UInt8) -> [UInt8] {
        var header = rtmsg()
        header.rtm_family = UInt8(address.family.rawValue)
        header.rtm_dst_len = address.family.addressLength
        header.rtm_table = localTable
        header.rtm_protocol = origin
        if address.family == .ipv4 { header.rtm_scope = UInt8(RT_SCOPE_HOST.rawValue) }
        header.rtm_type = localType
        var writer = MessageWriter()
        writer.append(bytes(of: header))
        writer.put(Int(RTA_DST.rawValue), address.bytes)
        writer.put(Int(RTA_OIF.rawValue), UInt32(bitPattern: number))
        return writer.bytes
    }

    private static func bytes(of header: some BitwiseCopyable) -> [UInt8] {
        unsafe withUnsafeBytes(of: header) { unsafe Array($0) }
    }
}
