import CRTNetlink
import IPVS
import Netlink

/// A request to rtnetlink about interfaces, or for a dump of addresses or routes.
enum RouteRequest {
    /// Reads the interface with a name.
    case readLink(String)
    /// Dumps the dummy interfaces. Older kernels dump all interfaces.
    case readDummies
    /// Creates a dummy interface.
    case addDummy(String)
    /// Sets the alias of the interface with an index.
    case setAlias(Int32, String)
    /// Sets the interface with an index up.
    case setUp(Int32)
    /// Removes the interface with an index.
    case deleteLink(Int32)
    /// Dumps the addresses of the interface with an index, or of all interfaces.
    case readAddresses(Int32?)
    /// Dumps the routes of a family that a binder has added over the interface with an index. Older kernels dump all
    /// routes.
    case readLocalRoutes(IPAddress.Family, Int32)
}

extension RouteRequest: NetlinkRequest {
    /// The type of reply messages.
    var replyType: UInt16 {
        switch self {
        case .readLink, .readDummies, .addDummy, .setAlias, .setUp, .deleteLink: UInt16(RTM_NEWLINK)
        case .readAddresses: UInt16(RTM_NEWADDR)
        case .readLocalRoutes: UInt16(RTM_NEWROUTE)
        }
    }

    /// Whether it changes nothing, so that it can be repeated if its answer was lost.
    var isRead: Bool {
        switch self {
        case .readLink, .readDummies, .readAddresses, .readLocalRoutes: true
        case .addDummy, .setAlias, .setUp, .deleteLink: false
        }
    }

    private var type: UInt16 {
        switch self {
        case .readLink, .readDummies: UInt16(RTM_GETLINK)
        case .addDummy: UInt16(RTM_NEWLINK)
        case .setAlias, .setUp: UInt16(RTM_SETLINK)
        case .deleteLink: UInt16(RTM_DELLINK)
        case .readAddresses: UInt16(RTM_GETADDR)
        case .readLocalRoutes: UInt16(RTM_GETROUTE)
        }
    }

    private var index: Int32 {
        switch self {
        case .setAlias(let index, _), .setUp(let index), .deleteLink(let index), .readAddresses(let index?): index
        case .readLocalRoutes(_, let index): index
        case .readLink, .readDummies, .addDummy, .readAddresses(nil): 0
        }
    }

    private var flags: UInt16 {
        let request = NLM_F_REQUEST | NLM_F_ACK
        return switch self {
        case .readLink, .setAlias, .setUp, .deleteLink: UInt16(request)
        case .addDummy: UInt16(request | NLM_F_CREATE | NLM_F_EXCL)
        case .readDummies, .readAddresses, .readLocalRoutes: UInt16(request | NLM_F_ROOT | NLM_F_MATCH)
        }
    }

    /// Distinguishes headers with the same type, flags and interface.
    private var variant: UInt8 {
        switch self {
        case .readLocalRoutes(let family, _): UInt8(family.rawValue)
        case .setUp: 1
        case .readLink, .readDummies, .addDummy, .setAlias, .deleteLink, .readAddresses: 0
        }
    }

    var shape: RequestShape {
        // All types are less than 256.
        let header = UInt64(type) | UInt64(variant) << 8 | UInt64(flags) << 16
        return RequestShape(number: header | UInt64(UInt32(bitPattern: index)) << 32)
    }

    func begin(_ message: inout Message) {
        switch self {
        case .readAddresses:
            var header = ifaddrmsg()
            header.ifa_index = UInt32(bitPattern: index)
            message.begin(type: type, flags: flags, header: header)
        case .readLocalRoutes(let family, _):
            var header = LocalRoute.header(family)
            // The kernel filters by all fields except the scope.
            header.rtm_scope = 0
            message.begin(type: type, flags: flags, header: header)
        case .readLink, .readDummies, .addDummy, .setAlias, .setUp, .deleteLink:
            var header = ifinfomsg()
            header.ifi_index = index
            if case .setUp = self { (header.ifi_flags, header.ifi_change) = (UInt32(IFF_UP), UInt32(IFF_UP)) }
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
        case .readLocalRoutes:
            message.put(LocalRoute.outputInterface, UInt32(bitPattern: index))
        case .setUp, .deleteLink, .readAddresses:
            break
        }
    }
}
