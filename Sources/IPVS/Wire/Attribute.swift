import CIPVS

/// A reply that can't be read: which attribute is wrong, and how.
package struct MalformedReply: Error, Hashable, CustomStringConvertible {
    let attribute: String
    let problem: String

    package init(attribute: String, problem: String) { (self.attribute, self.problem) = (attribute, problem) }

    package var description: String { "\(attribute) \(problem)" }
}

/// The sets of attributes that are numbered by themselves. They name attributes in errors.
package enum AttributeSet {
    case control, error, command, info, service, destination, daemon, statistics
    case link, linkInfo, interfaceAddress, route

    private var prefix: String {
        switch self {
        case .control: "CTRL_ATTR_"
        case .error: "NLMSGERR_ATTR_"
        case .command: "IPVS_CMD_ATTR_"
        case .info: "IPVS_INFO_ATTR_"
        case .service: "IPVS_SVC_ATTR_"
        case .destination: "IPVS_DEST_ATTR_"
        case .daemon: "IPVS_DAEMON_ATTR_"
        case .statistics: "IPVS_STATS_ATTR_"
        case .link: "IFLA_"
        case .linkInfo: "IFLA_INFO_"
        case .interfaceAddress: "IFA_"
        case .route: "RTA_"
        }
    }

    private var suffixes: [String] {
        switch self {
        case .control: ["UNSPEC", "FAMILY_ID"]
        case .error: ["UNUSED", "MSG", "OFFS"]
        case .command: ["UNSPEC", "SERVICE", "DEST", "DAEMON", "TIMEOUT_TCP", "TIMEOUT_TCP_FIN", "TIMEOUT_UDP"]
        case .info: ["UNSPEC", "VERSION", "CONN_TAB_SIZE"]
        case .service:
            [
                "UNSPEC", "AF", "PROTOCOL", "ADDR", "PORT", "FWMARK", "SCHED_NAME", "FLAGS", "TIMEOUT", "NETMASK",
                "STATS", "PE_NAME", "STATS64",
            ]
        case .destination:
            [
                "UNSPEC", "ADDR", "PORT", "FWD_METHOD", "WEIGHT", "U_THRESH", "L_THRESH", "ACTIVE_CONNS",
                "INACT_CONNS", "PERSIST_CONNS", "STATS", "ADDR_FAMILY", "STATS64", "TUN_TYPE", "TUN_PORT", "TUN_FLAGS",
            ]
        case .daemon:
            [
                "UNSPEC", "STATE", "MCAST_IFN", "SYNC_ID", "SYNC_MAXLEN", "MCAST_GROUP", "MCAST_GROUP6", "MCAST_PORT",
                "MCAST_TTL",
            ]
        case .statistics:
            [
                "UNSPEC", "CONNS", "INPKTS", "OUTPKTS", "INBYTES", "OUTBYTES", "CPS", "INPPS", "OUTPPS", "INBPS",
                "OUTBPS", "PAD",
            ]
        case .link:
            [
                "UNSPEC", "ADDRESS", "BROADCAST", "IFNAME", "MTU", "LINK", "QDISC", "STATS", "COST", "PRIORITY",
                "MASTER", "WIRELESS", "PROTINFO", "TXQLEN", "MAP", "WEIGHT", "OPERSTATE", "LINKMODE", "LINKINFO",
                "NET_NS_PID", "IFALIAS",
            ]
        case .linkInfo: ["UNSPEC", "KIND"]
        case .interfaceAddress:
            ["UNSPEC", "ADDRESS", "LOCAL", "LABEL", "BROADCAST", "ANYCAST", "CACHEINFO", "MULTICAST", "FLAGS"]
        case .route: ["UNSPEC", "DST", "SRC", "IIF", "OIF"]
        }
    }

    func name(of type: Int) -> String {
        prefix + (type < suffixes.count ? suffixes[type] : String(type))
    }

    // Never inlined, here and below: what makes up the text of an error would slow down the reading of what is right.
    @inline(never)
    package func malformed(_ type: Int, _ problem: @autoclosure () -> String) -> MalformedReply {
        MalformedReply(attribute: name(of: type), problem: problem())
    }

    package func missing(_ type: Int) -> MalformedReply { malformed(type, "is missing") }
}

/// An attribute's place in the bytes that it was found in.
package struct Attribute {
    package let set: AttributeSet
    package let type: Int
    package let payload: Range<Int>

    @inline(never)
    package func malformed(_ problem: @autoclosure () -> String) -> MalformedReply { set.malformed(type, problem()) }

    @inline(never)
    fileprivate func wrongSize(_ size: Int) -> MalformedReply {
        malformed("has \(payload.count) bytes instead of \(size)")
    }
}

/// Steps through the attributes of a message or of a nested attribute, and never beyond its end.
///
/// It holds places, not bytes; so it can be kept where a span can't.
package struct AttributeCursor {
    private let set: AttributeSet
    private var offset: Int

    package init(_ set: AttributeSet, from offset: Int = 0) {
        self.set = set
        self.offset = offset
    }

    /// The next attribute, or nil at the end. `bytes` are the same at each call.
    @inline(__always)
    package mutating func next(in bytes: RawSpan) throws(MalformedReply) -> Attribute? {
        let left = bytes.byteCount - offset
        guard left > 0 else { return nil }
        guard left >= Netlink.attributeHeaderLength else { throw strayBytes(left) }
        let length = Int(bytes.integer(at: offset, as: UInt16.self))
        let type = Int(bytes.integer(at: offset + 2, as: UInt16.self)) & Netlink.attributeTypeMask
        guard length >= Netlink.attributeHeaderLength, length <= left else {
            throw wrongLength(type, length, left)
        }
        let attribute = Attribute(
            set: set,
            type: type,
            payload: offset + Netlink.attributeHeaderLength..<offset + length
        )
        offset += Netlink.aligned(length)
        return attribute
    }

    @inline(never)
    private func strayBytes(_ count: Int) -> MalformedReply {
        MalformedReply(attribute: set.name(of: 0), problem: "is followed by \(count) stray bytes")
    }

    @inline(never)
    private func wrongLength(_ type: Int, _ length: Int, _ left: Int) -> MalformedReply {
        set.malformed(type, "has a length of \(length) where \(left) bytes are left")
    }
}

extension RawSpan {
    /// An integer of the host's byte order. Traps outside the bounds, which callers have checked.
    @inline(__always)
    package func integer<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as _: Value.Type) -> Value {
        // Unsafe for types in which not every bit pattern is a value; in integers, each is. The bounds are checked.
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: Value.self)
    }

    /// The attribute as an integer of the host's byte order, exactly as wide as the type.
    @inline(__always)
    package func read<Value: FixedWidthInteger & BitwiseCopyable>(
        _ attribute: Attribute,
        as type: Value.Type
    ) throws(MalformedReply) -> Value {
        guard attribute.payload.count == MemoryLayout<Value>.size else {
            throw attribute.wrongSize(MemoryLayout<Value>.size)
        }
        return integer(at: attribute.payload.lowerBound, as: type)
    }

    /// The attribute as a pair of 32-bit numbers, such as the kernel's `struct ip_vs_flags`.
    func readPair(_ attribute: Attribute) throws(MalformedReply) -> (first: UInt32, second: UInt32) {
        guard attribute.payload.count == 8 else { throw attribute.wrongSize(8) }
        let start = attribute.payload.lowerBound
        return (integer(at: start, as: UInt32.self), integer(at: start + 4, as: UInt32.self))
    }

    /// The attribute as text; a NUL at its end is not part of it.
    package func readString(_ attribute: Attribute) throws(MalformedReply) -> String {
        var end = attribute.payload.upperBound
        while end > attribute.payload.lowerBound, integer(at: end - 1, as: UInt8.self) == 0 { end -= 1 }
        let bytes = extracting(attribute.payload.lowerBound..<end)
        guard let text = unsafe bytes.withUnsafeBytes({ unsafe String(validating: $0, as: UTF8.self) }),
            !text.utf8.contains(0)
        else { throw attribute.malformed("is not a text") }
        return text
    }

    /// The attribute as the 16 bytes that IPVS has for an address of either family.
    @inline(__always)
    package func readAddress(_ attribute: Attribute) throws(MalformedReply) -> RawAddress {
        guard attribute.payload.count == 16 else { throw attribute.wrongSize(16) }
        let start = attribute.payload.lowerBound
        return RawAddress(
            high: UInt64(bigEndian: integer(at: start, as: UInt64.self)),
            low: UInt64(bigEndian: integer(at: start + 8, as: UInt64.self))
        )
    }
}

/// The bytes of an address whose family stands in another attribute.
package struct RawAddress {
    let high: UInt64
    let low: UInt64

    /// The address; what the kernel leaves behind an IPv4 address is not part of it.
    package func address(_ family: IPAddress.Family) -> IPAddress {
        switch family {
        case .ipv4: IPAddress(ipv4: UInt32(high >> 32))
        case .ipv6: IPAddress(family: .ipv6, high: high, low: low)
        }
    }
}
