import CIPVS
package import Netlink

// Properties of the whole namespace: timeouts, version, and sync daemons.

extension AttributeWriter where Self: ~Copyable {
    /// Puts timeouts. 0 keeps the kernel's value.
    mutating func putTimeouts(_ timeouts: Timeouts) {
        put(IPVS_CMD_ATTR_TIMEOUT_TCP, timeouts.tcp ?? 0)
        put(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, timeouts.tcpFIN ?? 0)
        put(IPVS_CMD_ATTR_TIMEOUT_UDP, timeouts.udp ?? 0)
    }

    /// Puts the identity of a running sync daemon.
    mutating func putDaemon(_ role: SyncDaemon.Role) {
        nest(IPVS_CMD_ATTR_DAEMON) { $0.put(IPVS_DAEMON_ATTR_STATE, role.rawValue) }
    }

    /// Puts a sync daemon with its settings. The kernel chooses those that are nil.
    mutating func putDaemon(_ daemon: SyncDaemon) {
        nest(IPVS_CMD_ATTR_DAEMON) {
            $0.put(IPVS_DAEMON_ATTR_STATE, daemon.role.rawValue)
            $0.put(IPVS_DAEMON_ATTR_MCAST_IFN, daemon.interface)
            $0.put(IPVS_DAEMON_ATTR_SYNC_ID, daemon.syncID)
            if let length = daemon.maximumLength { $0.put(IPVS_DAEMON_ATTR_SYNC_MAXLEN, length) }
            if let port = daemon.port { $0.put(IPVS_DAEMON_ATTR_MCAST_PORT, port) }
            if let timeToLive = daemon.timeToLive { $0.put(IPVS_DAEMON_ATTR_MCAST_TTL, timeToLive) }
            if let group = daemon.group { $0.putGroup(group) }
        }
    }

    /// Multicast groups of each family have their own attribute. That of IPv4 is a number in network byte order.
    private mutating func putGroup(_ group: IPAddress) {
        switch group.family {
        case .ipv4: put(IPVS_DAEMON_ATTR_MCAST_GROUP, UInt32(group.high >> 32).bigEndian)
        case .ipv6: put(IPVS_DAEMON_ATTR_MCAST_GROUP6, group)
        }
    }
}

extension Timeouts {
    /// Decodes timeouts from the attributes of a message.
    package init(decoding bytes: RawSpan) throws(MalformedReply) {
        self.init()
        var cursor = AttributeCursor(.command)
        while let attribute = try cursor.next(in: bytes) {
            switch attribute.type {
            case IPVS_CMD_ATTR_TIMEOUT_TCP: tcp = try bytes.read(attribute, as: UInt32.self)
            case IPVS_CMD_ATTR_TIMEOUT_TCP_FIN: tcpFIN = try bytes.read(attribute, as: UInt32.self)
            case IPVS_CMD_ATTR_TIMEOUT_UDP: udp = try bytes.read(attribute, as: UInt32.self)
            default: break
            }
        }
    }
}

extension KernelInfo {
    /// Decodes the attributes of an IPVS_CMD_SET_INFO message, which have their own numbering.
    init(decoding bytes: RawSpan) throws(MalformedReply) {
        var version: UInt32?
        var size: UInt32?
        var cursor = AttributeCursor(.info)
        while let attribute = try cursor.next(in: bytes) {
            switch attribute.type {
            case IPVS_INFO_ATTR_VERSION: version = try bytes.read(attribute, as: UInt32.self)
            case IPVS_INFO_ATTR_CONN_TAB_SIZE: size = try bytes.read(attribute, as: UInt32.self)
            default: break
            }
        }
        guard let version else { throw AttributeSet.info.missing(IPVS_INFO_ATTR_VERSION) }
        guard let size else { throw AttributeSet.info.missing(IPVS_INFO_ATTR_CONN_TAB_SIZE) }
        self.init(version: Version(packed: version), connectionTableSize: size)
    }
}

extension SyncDaemon {
    /// Decodes the contents of its nested attribute. Linux before 4.3 sends only the first three attributes.
    package init(decoding bytes: RawSpan) throws(MalformedReply) {
        var role: Role?
        var interface: String?
        var syncID: UInt32?
        self.init(.master, interface: "")
        var cursor = AttributeCursor(.daemon)
        while let attribute = try cursor.next(in: bytes) {
            switch attribute.type {
            case IPVS_DAEMON_ATTR_STATE:
                let number = try bytes.read(attribute, as: UInt32.self)
                role = Role(rawValue: number)
                if role == nil { throw attribute.malformed("is \(number), an unknown state") }
            case IPVS_DAEMON_ATTR_MCAST_IFN: interface = try bytes.readString(attribute)
            case IPVS_DAEMON_ATTR_SYNC_ID: syncID = try bytes.read(attribute, as: UInt32.self)
            case IPVS_DAEMON_ATTR_SYNC_MAXLEN: maximumLength = try bytes.read(attribute, as: UInt16.self)
            case IPVS_DAEMON_ATTR_MCAST_GROUP:
                group = IPAddress(ipv4: UInt32(bigEndian: try bytes.read(attribute, as: UInt32.self)))
            case IPVS_DAEMON_ATTR_MCAST_GROUP6: group = try bytes.readSixteenBytes(attribute).address(.ipv6)
            case IPVS_DAEMON_ATTR_MCAST_PORT: port = try bytes.read(attribute, as: UInt16.self)
            case IPVS_DAEMON_ATTR_MCAST_TTL: timeToLive = try bytes.read(attribute, as: UInt8.self)
            default: break
            }
        }
        guard let role else { throw AttributeSet.daemon.missing(IPVS_DAEMON_ATTR_STATE) }
        guard let interface else { throw AttributeSet.daemon.missing(IPVS_DAEMON_ATTR_MCAST_IFN) }
        guard let syncID else { throw AttributeSet.daemon.missing(IPVS_DAEMON_ATTR_SYNC_ID) }
        (self.role, self.interface, self.syncID) = (role, interface, syncID)
    }
}
