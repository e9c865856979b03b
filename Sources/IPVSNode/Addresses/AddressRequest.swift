import CRTNetlink
import IPVS
import Netlink

/// A request that binds an address to an interface, or unbinds it, by a method.
struct AddressRequest: NetlinkRequest {
    enum Kind { case bind, unbind }

    let kind: Kind
    let method: AddressBinder.Method
    let address: IPAddress

    /// The index of the interface.
    let interface: Int32

    private var type: UInt16 {
        switch (method, kind) {
        case (.addresses, .bind): UInt16(RTM_NEWADDR)
        case (.addresses, .unbind): UInt16(RTM_DELADDR)
        case (.routes, .bind): UInt16(RTM_NEWROUTE)
        case (.routes, .unbind): UInt16(RTM_DELROUTE)
        }
    }

    private var flags: UInt16 {
        let creation: Int32 =
            switch (method, kind) {
            case (.addresses, .bind): NLM_F_CREATE | NLM_F_EXCL
            // Another interface may have a route to the same address. An identical route is still refused.
            case (.routes, .bind): NLM_F_CREATE | NLM_F_APPEND
            case (_, .unbind): 0
            }
        return UInt16(NLM_F_REQUEST | NLM_F_ACK | creation)
    }

    var shape: RequestShape {
        let index = UInt64(UInt32(bitPattern: interface))
        return RequestShape(number: UInt64(type) | UInt64(address.family.rawValue) << 16 | index << 32)
    }

    func begin(_ message: inout Message) {
        switch method {
        case .addresses:
            var header = ifaddrmsg()
            header.ifa_family = UInt8(address.family.rawValue)
            header.ifa_prefixlen = address.family.hostPrefixLength
            header.ifa_index = UInt32(bitPattern: interface)
            message.begin(type: type, flags: flags, header: header)
        case .routes:
            var header = LocalRoute.header(address.family)
            header.rtm_dst_len = address.family.hostPrefixLength
            message.begin(type: type, flags: flags, header: header)
        }
    }

    func put(into message: inout some AttributeWriter & ~Copyable) {
        switch method {
        case .addresses:
            message.putAddress(IFA_LOCAL, address)
            // A dummy interface has no other hosts, so duplicate address detection is useless, and so is a prefix route
            // besides the local route.
            if kind == .bind, address.family == .ipv6 {
                message.put(IFA_FLAGS, UInt32(IFA_F_NODAD | IFA_F_NOPREFIXROUTE))
            }
            message.putAddress(IFA_ADDRESS, address)
        case .routes:
            message.putAddress(LocalRoute.destination, address)
            message.put(LocalRoute.outputInterface, UInt32(bitPattern: interface))
        }
    }
}

extension AttributeWriter where Self: ~Copyable {
    /// Puts an address with the number of bytes of its family.
    mutating func putAddress(_ attribute: Int, _ address: IPAddress) {
        switch address.family {
        case .ipv4: put(attribute, UInt32(truncatingIfNeeded: address.high >> 32).bigEndian)
        case .ipv6: put(attribute, address)
        }
    }
}

extension IPAddress.Family {
    /// The prefix length of a single address.
    var hostPrefixLength: UInt8 { self == .ipv4 ? 32 : 128 }
}
