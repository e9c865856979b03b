import CRTNetlink
import IPVS
import IPVSTesting
import Netlink

/// A message to rtnetlink, as the kernel understands it.
enum RouteCommand {
    case readLink(String)
    case listLinks(kind: String?)
    case addLink(String, kind: String?)
    case changeLink(Int32, alias: String?, isUp: Bool?)
    case removeLink(Int32)
    case listAddresses(Int32?)
    case addAddress(InMemoryNode.InterfaceAddress, to: Int32)
    case removeAddress(InMemoryNode.InterfaceAddress, from: Int32)
    case listRoutes(RouteFilter)
    case addRoute(IPAddress, over: Int32)
    case removeRoute(IPAddress, over: Int32)
    case other(UInt16)
}

/// Which routes a program asks for.
struct RouteFilter {
    let family: IPAddress.Family

    /// The table, the origin, the type and the interface; 0 for any.
    let table, origin, type: UInt8
    let interface: Int32
}

extension RouteCommand {
    /// Reads a message.
    ///
    /// - Throws: `Refusal` where the kernel can't.
    init(_ message: ReceivedMessage) throws(Refusal) {
        switch Int(message.header.type) {
        case RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK, RTM_SETLINK: self = try Self.link(message)
        case RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR: self = try Self.address(message)
        case RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE: self = try Self.route(message)
        default: self = .other(message.header.type)
        }
    }

    private static func link(_ message: ReceivedMessage) throws(Refusal) -> RouteCommand {
        let header = try message.header(as: ifinfomsg.self)
        let attributes = try ReceivedAttributes(message.rest(after: ifinfomsg.self), .link)
        let information = try ReceivedAttributes(attributes[IFLA_LINKINFO] ?? [], .linkInformation)
        let name = attributes.text(IFLA_IFNAME)
        switch Int(message.header.type) {
        case RTM_GETLINK where message.isDump: return .listLinks(kind: information.text(IFLA_INFO_KIND))
        case RTM_SETLINK:
            let isUp = header.ifi_change & UInt32(IFF_UP) != 0 ? header.ifi_flags & UInt32(IFF_UP) != 0 : nil
            return .changeLink(header.ifi_index, alias: attributes.text(IFLA_IFALIAS), isUp: isUp)
        case RTM_DELLINK: return .removeLink(header.ifi_index)
        case RTM_NEWLINK:
            // Without the flags it would change an interface that is there.
            guard let name, message.has(UInt16(NLM_F_CREATE | NLM_F_EXCL)) else { return .other(message.header.type) }
            return .addLink(name, kind: information.text(IFLA_INFO_KIND))
        default:
            guard let name else { throw Refusal(EINVAL) }
            return .readLink(name)
        }
    }

    private static func address(_ message: ReceivedMessage) throws(Refusal) -> RouteCommand {
        let header = try message.header(as: ifaddrmsg.self)
        let index = Int32(bitPattern: header.ifa_index)
        guard Int(message.header.type) != RTM_GETADDR else { return .listAddresses(index == 0 ? nil : index) }
        let attributes = try ReceivedAttributes(message.rest(after: ifaddrmsg.self), .address)
        let address = try IPAddress(attributes[IFA_LOCAL] ?? attributes[IFA_ADDRESS], header.ifa_family)
        guard header.ifa_prefixlen <= address.family.addressLength else { throw Refusal(EINVAL) }
        let entry = InMemoryNode.InterfaceAddress(address, prefixLength: header.ifa_prefixlen)
        return Int(message.header.type) == RTM_NEWADDR
            ? .addAddress(entry, to: index) : .removeAddress(entry, from: index)
    }

    private static func route(_ message: ReceivedMessage) throws(Refusal) -> RouteCommand {
        let header = try message.header(as: rtmsg.self)
        let attributes = try ReceivedAttributes(message.rest(after: rtmsg.self), .route)
        let interface = attributes.integer(Int(RTA_OIF.rawValue), as: Int32.self) ?? 0
        if Int(message.header.type) == RTM_GETROUTE {
            guard message.isDump, let family = IPAddress.Family(rawValue: UInt16(header.rtm_family)) else {
                return .other(message.header.type)
            }
            // The kernel does not filter by the scope.
            guard header.rtm_scope == 0 else { throw Refusal(EINVAL) }
            let (table, origin, type) = (header.rtm_table, header.rtm_protocol, header.rtm_type)
            return .listRoutes(
                RouteFilter(family: family, table: table, origin: origin, type: type, interface: interface)
            )
        }
        let address = try IPAddress(attributes[Int(RTA_DST.rawValue)], header.rtm_family)
        // Nobody here has others.
        guard header.rtm_dst_len == address.family.addressLength, header.rtm_table == RouteMessages.localTable,
            header.rtm_protocol == RouteMessages.binderOrigin, header.rtm_type == RouteMessages.localType
        else { return .other(message.header.type) }
        return Int(message.header.type) == RTM_NEWROUTE
            ? .addRoute(address, over: interface) : .removeRoute(address, over: interface)
    }
}

extension InMemoryNode.Request {
    /// The request that a message is, if the kernel can read it.
    init(_ command: RouteCommand, _ links: LinkNumbers) {
        switch command {
        case .readLink(let name): self = .readInterface(name)
        case .listLinks: self = .listInterfaces
        case .addLink(let name, _): self = .addInterface(name)
        case .changeLink(let index, let alias?, _): self = .setAlias(alias, of: links.nameOrNumber(index))
        case .changeLink(let index, nil, let isUp?): self = .setUp(isUp, links.nameOrNumber(index))
        case .changeLink(_, nil, nil): self = .other(UInt16(RTM_SETLINK))
        case .removeLink(let index): self = .removeInterface(links.nameOrNumber(index))
        case .listAddresses(let index): self = .listAddresses(of: index.map(links.nameOrNumber))
        case .addAddress(let entry, let index): self = .addAddress(entry.address, to: links.nameOrNumber(index))
        case .removeAddress(let entry, let index): self = .removeAddress(entry.address, from: links.nameOrNumber(index))
        case .listRoutes(let filter): self = .listRoutes(to: filter.family)
        case .addRoute(let address, let index): self = .addRoute(to: address, over: links.nameOrNumber(index))
        case .removeRoute(let address, let index): self = .removeRoute(to: address, over: links.nameOrNumber(index))
        case .other(let type): self = .other(type)
        }
    }
}

// MARK: - Bytes

extension ReceivedMessage {
    /// The family's header, a structure of integers.
    fileprivate func header<Header: BitwiseCopyable>(as _: Header.Type) throws(Refusal) -> Header {
        guard payload.count >= MemoryLayout<Header>.size else { throw Refusal(EINVAL) }
        // All bit patterns are valid integers, and the length has been checked.
        return unsafe payload.span.bytes.unsafeLoadUnaligned(as: Header.self)
    }

    /// The attributes, which follow the header.
    fileprivate func rest<Header: BitwiseCopyable>(after _: Header.Type) -> ArraySlice<UInt8> {
        payload.dropFirst(Framing.aligned(MemoryLayout<Header>.size))
    }
}

extension AttributePolicy {
    fileprivate static let link = AttributePolicy(
        last: 64,
        [IFLA_IFNAME: .text(upTo: 15), IFLA_IFALIAS: .text(upTo: 255), IFLA_LINKINFO: .nest]
    )
    fileprivate static let linkInformation = AttributePolicy(last: 5, [IFLA_INFO_KIND: .text(upTo: 15)])
    fileprivate static let address = AttributePolicy(last: 11, [IFA_FLAGS: .integer(bytes: 4)])
    fileprivate static let route = AttributePolicy(last: 30, [Int(RTA_OIF.rawValue): .integer(bytes: 4)])
}

extension IPAddress {
    /// The address in an attribute, which has to be one of the family.
    fileprivate init(_ bytes: ArraySlice<UInt8>?, _ family: UInt8) throws(Refusal) {
        guard let address = bytes.flatMap({ IPAddress(bytes: $0) }), address.family.rawValue == UInt16(family) else {
            throw Refusal(EINVAL)
        }
        self = address
    }
}
