import CIPVS
import CNetlinkShim
import IPVS
import Netlink

// The commands about timeouts and sync daemons.

/// A sync daemon as the kernel keeps it.
struct DaemonState {
    let state: UInt32
    let interface: String
    let syncID: UInt32
    let maximumLength: UInt16
    let port: UInt16
    let timeToLive: UInt8
    let group: Group

    enum Group {
        case ipv4(UInt32)
        case ipv6(SixteenBytes)
    }
}

extension TableState {
    /// Sets timeouts. 0 keeps the old value.
    mutating func setTimeouts(_ attributes: ReceivedAttributes) throws(Refusal) {
        func value(_ type: Int) throws(Refusal) -> UInt32? {
            let value = attributes.integer(type, as: UInt32.self) ?? 0
            guard value <= UInt32(Int32.max) / ticksPerSecond else { throw Refusal(EINVAL) }
            return value == 0 ? nil : value
        }
        let new = Timeouts(
            tcp: try value(IPVS_CMD_ATTR_TIMEOUT_TCP),
            tcpFIN: try value(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN),
            udp: try value(IPVS_CMD_ATTR_TIMEOUT_UDP)
        )
        timeouts = Timeouts(
            tcp: new.tcp ?? timeouts.tcp,
            tcpFIN: new.tcpFIN ?? timeouts.tcpFIN,
            udp: new.udp ?? timeouts.udp
        )
    }

    mutating func startDaemon(_ bytes: ArraySlice<UInt8>?, remark: inout String?) throws(Refusal) {
        let attributes = try Self.daemon(bytes, &remark)
        guard let state = attributes.integer(IPVS_DAEMON_ATTR_STATE, as: UInt32.self),
            let interface = attributes.text(IPVS_DAEMON_ATTR_MCAST_IFN),
            let syncID = attributes.integer(IPVS_DAEMON_ATTR_SYNC_ID, as: UInt32.self)
        else { throw Refusal(EINVAL) }
        let group = try Self.group(attributes)
        guard !hasMixedFamilies else { throw Refusal(EINVAL) }
        // Even if the daemon is refused now.
        if state == SyncDaemon.Role.backup.rawValue { hasConnectionTable = true }
        guard interfaces.contains(interface) else { throw Refusal(ENODEV) }
        guard daemons[state] == nil else { throw Refusal(EEXIST) }
        guard let role = SyncDaemon.Role(rawValue: state) else { throw Refusal(EINVAL) }
        let length = attributes.integer(IPVS_DAEMON_ATTR_SYNC_MAXLEN, as: UInt16.self) ?? 0
        let port = attributes.integer(IPVS_DAEMON_ATTR_MCAST_PORT, as: UInt16.self) ?? 0
        let timeToLive = attributes.integer(IPVS_DAEMON_ATTR_MCAST_TTL, as: UInt8.self) ?? 0
        daemons[state] = DaemonState(
            state: state,
            interface: interface,
            syncID: syncID,
            maximumLength: group.maximumLength(length, role),
            port: port == 0 ? 8848 : port,
            timeToLive: timeToLive == 0 ? 1 : timeToLive,
            group: group
        )
    }

    mutating func stopDaemon(_ bytes: ArraySlice<UInt8>?, remark: inout String?) throws(Refusal) {
        let attributes = try Self.daemon(bytes, &remark)
        guard let state = attributes.integer(IPVS_DAEMON_ATTR_STATE, as: UInt32.self),
            SyncDaemon.Role(rawValue: state) != nil
        else { throw Refusal(EINVAL) }
        guard daemons.removeValue(forKey: state) != nil else { throw Refusal(ESRCH) }
    }

    /// Reads the attributes of a sync daemon. Unlike those of servers, what is wrong with one is reported.
    private static func daemon(
        _ bytes: ArraySlice<UInt8>?,
        _ remark: inout String?
    ) throws(Refusal) -> ReceivedAttributes {
        guard let bytes else { throw Refusal(EINVAL) }
        do throws(Refusal) {
            let attributes = try ReceivedAttributes(bytes, .daemon)
            remark = attributes.remark ?? remark
            return attributes
        } catch {
            throw Refusal(EINVAL, text: error.text, culprit: error.culprit)
        }
    }

    private static func group(_ attributes: ReceivedAttributes) throws(Refusal) -> DaemonState.Group {
        if let number = attributes.integer(IPVS_DAEMON_ATTR_MCAST_GROUP, as: UInt32.self) {
            guard IPAddress(ipv4: UInt32(bigEndian: number)).isMulticast else { throw Refusal(EINVAL) }
            return .ipv4(number)
        }
        if let address = attributes.address(IPVS_DAEMON_ATTR_MCAST_GROUP6) {
            guard address.high >> 56 == 0xff else { throw Refusal(EINVAL) }
            return .ipv6(address)
        }
        return .ipv4(UInt32(0xe000_0051).bigEndian)
    }
}

extension DaemonState.Group {
    /// The length of messages: that of an Ethernet frame without headers unless another one is requested, within limits.
    fileprivate func maximumLength(_ requested: UInt16, _ role: SyncDaemon.Role) -> UInt16 {
        let headers: UInt16 =
            switch self {
            case .ipv4: 28
            case .ipv6: 48
            }
        guard requested != 0 else { return 1500 - headers }
        return min(max(requested, role == .backup ? 1024 : 1), UInt16.max - headers)
    }
}
