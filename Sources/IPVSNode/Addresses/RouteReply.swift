import CRTNetlink
import IPVS
import Netlink

/// An interface, with the properties that matter here.
struct Link {
    let index: Int32

    /// Its name, which it can change.
    let name: String

    /// Whether it is up.
    let isUp: Bool

    /// The kind of virtual interface, or nil for others, such as `lo`.
    let kind: String?

    /// The alias, if it has one.
    let alias: String?

    static let dummyKind = "dummy"

    /// Decodes the payload of an `RTM_NEWLINK` message.
    init(decoding bytes: RawSpan) throws(MalformedReply) {
        let header = try bytes.readHeader(as: ifinfomsg.self, of: "a message about an interface")
        index = header.ifi_index
        isUp = header.ifi_flags & UInt32(IFF_UP) != 0
        var name = ""
        var kind: String?
        var alias: String?
        var cursor = AttributeCursor(.link, from: MemoryLayout<ifinfomsg>.size)
        while let attribute = try cursor.next(in: bytes) {
            if attribute.type == IFLA_IFNAME { name = try bytes.readString(attribute) }
            if attribute.type == IFLA_IFALIAS { alias = try bytes.readString(attribute) }
            guard attribute.type == IFLA_LINKINFO else { continue }
            let nested = bytes.extracting(attribute.payload)
            var information = AttributeCursor(.linkInfo)
            while let attribute = try information.next(in: nested) {
                if attribute.type == IFLA_INFO_KIND { kind = try nested.readString(attribute) }
            }
        }
        self.name = name
        self.kind = kind
        self.alias = alias
    }
}

/// An address of an interface.
struct InterfaceAddress {
    /// The index of the interface.
    let interface: Int32

    let address: IPAddress
    let prefixLength: UInt8

    /// Whether it is a single address, as a binder binds it.
    var isSingle: Bool { prefixLength == address.family.hostPrefixLength }

    /// Whether it is an IPv6 link-local address.
    var isLinkLocal: Bool { address.family == .ipv6 && address.high >> 54 == 0xfe80 >> 6 }

    /// Decodes the payload of an `RTM_NEWADDR` message. Returns nil for families other than IP.
    init?(decoding bytes: RawSpan) throws(MalformedReply) {
        let header = try bytes.readHeader(as: ifaddrmsg.self, of: "a message about an address")
        guard let family = IPAddress.Family(rawValue: UInt16(header.ifa_family)) else { return nil }
        prefixLength = header.ifa_prefixlen
        interface = Int32(bitPattern: header.ifa_index)
        var address: IPAddress?
        var cursor = AttributeCursor(.interfaceAddress, from: MemoryLayout<ifaddrmsg>.size)
        while let attribute = try cursor.next(in: bytes) {
            switch attribute.type {
            // If both are present, IFA_ADDRESS is the address of the peer.
            case IFA_LOCAL: address = try bytes.readPlainAddress(attribute, family)
            case IFA_ADDRESS where address == nil: address = try bytes.readPlainAddress(attribute, family)
            default: break
            }
        }
        guard let address else { throw AttributeSet.interfaceAddress.missing(IFA_ADDRESS) }
        self.address = address
    }
}

/// A local route to an address, as a binder adds it.
struct LocalRoute: Equatable {
    /// The index of the interface.
    let interface: Int32

    let address: IPAddress

    /// Distinguishes a binder's routes from those of the kernel. The number is unused in the list of iproute2
    /// (`rt_protos`). The kernel accepts any number.
    private static let protocolNumber: UInt8 = 118

    /// The attributes of a route: its address and its interface.
    static let (destination, outputInterface) = (Int(RTA_DST.rawValue), Int(RTA_OIF.rawValue))

    /// The header that distinguishes these routes from all others of a family, except by interface.
    static func header(_ family: IPAddress.Family) -> rtmsg {
        var header = rtmsg()
        header.rtm_family = UInt8(family.rawValue)
        header.rtm_table = UInt8(RT_TABLE_LOCAL.rawValue)
        header.rtm_protocol = protocolNumber
        // IPv6 has no scopes.
        if family == .ipv4 { header.rtm_scope = UInt8(RT_SCOPE_HOST.rawValue) }
        header.rtm_type = UInt8(RTN_LOCAL)
        return header
    }

    /// Decodes the payload of an `RTM_NEWROUTE` message. Returns nil for other kinds of routes.
    init?(decoding bytes: RawSpan) throws(MalformedReply) {
        let header = try bytes.readHeader(as: rtmsg.self, of: "a message about a route")
        guard let family = IPAddress.Family(rawValue: UInt16(header.rtm_family)) else { return nil }
        let own = Self.header(family)
        guard header.rtm_dst_len == family.hostPrefixLength, header.rtm_table == own.rtm_table,
            header.rtm_protocol == own.rtm_protocol, header.rtm_type == own.rtm_type
        else { return nil }
        var address: IPAddress?
        var interface: Int32?
        var cursor = AttributeCursor(.route, from: MemoryLayout<rtmsg>.size)
        while let attribute = try cursor.next(in: bytes) {
            switch attribute.type {
            case Self.destination: address = try bytes.readPlainAddress(attribute, family)
            case Self.outputInterface: interface = Int32(bitPattern: try bytes.read(attribute, as: UInt32.self))
            default: break
            }
        }
        guard let address else { throw AttributeSet.route.missing(Self.destination) }
        // A route over several interfaces is not a binder's.
        guard let interface else { return nil }
        (self.address, self.interface) = (address, interface)
    }
}

extension RawSpan {
    /// The header at the start of a message, a structure of integers.
    func readHeader<Header: BitwiseCopyable>(
        as _: Header.Type,
        of message: String
    ) throws(MalformedReply) -> Header {
        guard byteCount >= MemoryLayout<Header>.size else {
            throw MalformedReply(attribute: message, problem: "has no header")
        }
        // All bit patterns are valid integers, and the length has been checked.
        return unsafe unsafeLoadUnaligned(as: Header.self)
    }

    /// The value of an attribute as an address with the number of bytes of its family.
    func readPlainAddress(
        _ attribute: Attribute,
        _ family: IPAddress.Family
    ) throws(MalformedReply) -> IPAddress {
        switch family {
        case .ipv4: IPAddress(ipv4: UInt32(bigEndian: try read(attribute, as: UInt32.self)))
        case .ipv6: try readSixteenBytes(attribute).address(.ipv6)
        }
    }
}
