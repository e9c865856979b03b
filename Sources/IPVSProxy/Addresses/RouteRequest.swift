import CIPVS
import IPVS

/// A request of rtnetlink about interfaces, or for a list of addresses.
enum RouteRequest {
    /// Asks for the interface of a name.
    case readLink(String)
    /// Lists the dummy interfaces; older kernels list all interfaces.
    case readDummies
    /// Makes a dummy interface.
    case addDummy(String)
    /// Gives the interface of an index a text.
    case setAlias(Int32, String)
    /// Removes the interface of an index.
    case deleteLink(Int32)
    /// Lists the addresses of the interface of an index, or of all.
    case readAddresses(Int32?)
}

extension RouteRequest: BufferedRequest {
    /// The kind of messages that a reply has.
    var replyType: UInt16 {
        switch self {
        case .readLink, .readDummies, .addDummy, .setAlias, .deleteLink: UInt16(RTM_NEWLINK)
        case .readAddresses: UInt16(RTM_NEWADDR)
        }
    }

    /// Whether it changes nothing, so that it can be sent again where an answer was lost.
    var isRead: Bool {
        switch self {
        case .readLink, .readDummies, .readAddresses: true
        case .addDummy, .setAlias, .deleteLink: false
        }
    }

    private var type: UInt16 {
        switch self {
        case .readLink, .readDummies: UInt16(RTM_GETLINK)
        case .addDummy: UInt16(RTM_NEWLINK)
        case .setAlias: UInt16(RTM_SETLINK)
        case .deleteLink: UInt16(RTM_DELLINK)
        case .readAddresses: UInt16(RTM_GETADDR)
        }
    }

    private var index: Int32 {
        switch self {
        case .setAlias(let index, _), .deleteLink(let index), .readAddresses(let index?): index
        case .readLink, .readDummies, .addDummy, .readAddresses(nil): 0
        }
    }

    private var flags: UInt16 {
        let request = NLM_F_REQUEST | NLM_F_ACK
        return switch self {
        case .readLink, .setAlias, .deleteLink: UInt16(request)
        case .addDummy: UInt16(request | NLM_F_CREATE | NLM_F_EXCL)
        case .readDummies, .readAddresses: UInt16(request | NLM_F_ROOT | NLM_F_MATCH)
        }
    }

    var shape: RequestShape {
        RequestShape(number: UInt64(type) | UInt64(flags) << 16 | UInt64(UInt32(bitPattern: index)) << 32)
    }

    func begin(_ message: inout Message) {
        if case .readAddresses = self {
            var header = ifaddrmsg()
            header.ifa_index = UInt32(bitPattern: index)
            message.begin(type: type, flags: flags, header: header)
        } else {
            var header = ifinfomsg()
            header.ifi_index = index
            message.begin(type: type, flags: flags, header: header)
        }
    }

    func put(into message: inout some AttributeWriter & ~Copyable) {
        switch self {
        case .readLink(let name):
            message.put(IFLA_IFNAME, name)
        case .readDummies:
            message.nest(IFLA_LINKINFO) { $0.put(IFLA_INFO_KIND, Link.dummyKind) }
        case .addDummy(let name):
            message.put(IFLA_IFNAME, name)
            message.nest(IFLA_LINKINFO) { $0.put(IFLA_INFO_KIND, Link.dummyKind) }
        case .setAlias(_, let text):
            message.put(IFLA_IFALIAS, text)
        case .deleteLink, .readAddresses:
            break
        }
    }
}

/// An address that is bound to an interface, or unbound from it: IPv4 as a /32, IPv6 as a /128.
struct AddressRequest: BufferedRequest {
    enum Kind { case bind, unbind }

    let kind: Kind
    let address: IPAddress

    /// The index of the interface.
    let interface: Int32

    private var type: UInt16 { UInt16(kind == .bind ? RTM_NEWADDR : RTM_DELADDR) }

    var shape: RequestShape {
        let index = UInt64(UInt32(bitPattern: interface))
        return RequestShape(number: UInt64(type) | UInt64(address.family.rawValue) << 16 | index << 32)
    }

    func begin(_ message: inout Message) {
        var header = ifaddrmsg()
        header.ifa_family = UInt8(address.family.rawValue)
        header.ifa_prefixlen = address.family.hostPrefixLength
        header.ifa_index = UInt32(bitPattern: interface)
        let creation = kind == .bind ? NLM_F_CREATE | NLM_F_EXCL : 0
        message.begin(type: type, flags: UInt16(NLM_F_REQUEST | NLM_F_ACK | creation), header: header)
    }

    func put(into message: inout some AttributeWriter & ~Copyable) {
        message.putAddress(IFA_LOCAL, address)
        // No other host has the address on a dummy interface, so there is none to look for; and a route to it, beside the
        // one that makes it the kernel's own, would lead nowhere.
        if kind == .bind, address.family == .ipv6 { message.put(IFA_FLAGS, UInt32(IFA_F_NODAD | IFA_F_NOPREFIXROUTE)) }
        message.putAddress(IFA_ADDRESS, address)
    }
}

extension AttributeWriter where Self: ~Copyable {
    /// Puts an address in as many bytes as its family has.
    fileprivate mutating func putAddress(_ attribute: Int, _ address: IPAddress) {
        switch address.family {
        case .ipv4: put(attribute, UInt32(truncatingIfNeeded: address.high >> 32).bigEndian)
        case .ipv6: put(attribute, address)
        }
    }
}

extension IPAddress.Family {
    /// The length of a prefix that is a single address.
    var hostPrefixLength: UInt8 { self == .ipv4 ? 32 : 128 }
}
