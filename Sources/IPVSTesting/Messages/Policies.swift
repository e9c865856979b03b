import CIPVS
import CNetlinkShim
import Netlink

// The kernel's rules for the attributes of IPVS. Those that are not listed may have any value.

extension AttributePolicy {
    /// The attributes of a command.
    static let command = AttributePolicy(
        last: IPVS_CMD_ATTR_TIMEOUT_UDP,
        [
            IPVS_CMD_ATTR_SERVICE: .nest, IPVS_CMD_ATTR_DEST: .nest, IPVS_CMD_ATTR_DAEMON: .nest,
            IPVS_CMD_ATTR_TIMEOUT_TCP: .integer(bytes: 4), IPVS_CMD_ATTR_TIMEOUT_TCP_FIN: .integer(bytes: 4),
            IPVS_CMD_ATTR_TIMEOUT_UDP: .integer(bytes: 4),
        ]
    )

    /// The attributes of a virtual server.
    static let service = AttributePolicy(
        last: IPVS_SVC_ATTR_STATS64,
        [
            IPVS_SVC_ATTR_AF: .integer(bytes: 2), IPVS_SVC_ATTR_PROTOCOL: .integer(bytes: 2),
            IPVS_SVC_ATTR_ADDR: .atMost(bytes: 16), IPVS_SVC_ATTR_PORT: .integer(bytes: 2),
            IPVS_SVC_ATTR_FWMARK: .integer(bytes: 4), IPVS_SVC_ATTR_SCHED_NAME: .text(upTo: 15),
            IPVS_SVC_ATTR_PE_NAME: .text(upTo: 16), IPVS_SVC_ATTR_FLAGS: .atMost(bytes: 8),
            IPVS_SVC_ATTR_TIMEOUT: .integer(bytes: 4), IPVS_SVC_ATTR_NETMASK: .integer(bytes: 4),
            IPVS_SVC_ATTR_STATS: .nest,
        ]
    )

    /// The attributes of a real server.
    static let destination = AttributePolicy(
        last: IPVS_DEST_ATTR_TUN_FLAGS,
        [
            IPVS_DEST_ATTR_ADDR: .atMost(bytes: 16), IPVS_DEST_ATTR_PORT: .integer(bytes: 2),
            IPVS_DEST_ATTR_FWD_METHOD: .integer(bytes: 4), IPVS_DEST_ATTR_WEIGHT: .integer(bytes: 4),
            IPVS_DEST_ATTR_U_THRESH: .integer(bytes: 4), IPVS_DEST_ATTR_L_THRESH: .integer(bytes: 4),
            IPVS_DEST_ATTR_ACTIVE_CONNS: .integer(bytes: 4), IPVS_DEST_ATTR_INACT_CONNS: .integer(bytes: 4),
            IPVS_DEST_ATTR_PERSIST_CONNS: .integer(bytes: 4), IPVS_DEST_ATTR_STATS: .nest,
            IPVS_DEST_ATTR_ADDR_FAMILY: .integer(bytes: 2), IPVS_DEST_ATTR_TUN_TYPE: .integer(bytes: 1),
            IPVS_DEST_ATTR_TUN_PORT: .integer(bytes: 2), IPVS_DEST_ATTR_TUN_FLAGS: .integer(bytes: 2),
        ]
    )

    /// The attributes of a sync daemon.
    static let daemon = AttributePolicy(
        last: IPVS_DAEMON_ATTR_MCAST_TTL,
        [
            IPVS_DAEMON_ATTR_STATE: .integer(bytes: 4), IPVS_DAEMON_ATTR_MCAST_IFN: .text(upTo: 15),
            IPVS_DAEMON_ATTR_SYNC_ID: .integer(bytes: 4), IPVS_DAEMON_ATTR_SYNC_MAXLEN: .integer(bytes: 2),
            IPVS_DAEMON_ATTR_MCAST_GROUP: .integer(bytes: 4), IPVS_DAEMON_ATTR_MCAST_GROUP6: .atLeast(bytes: 16),
            IPVS_DAEMON_ATTR_MCAST_PORT: .integer(bytes: 2), IPVS_DAEMON_ATTR_MCAST_TTL: .integer(bytes: 1),
        ]
    )

    /// The attributes of the generic netlink controller that select a family.
    static let control = AttributePolicy(
        last: Int(CTRL_ATTR_FAMILY_NAME),
        [Int(CTRL_ATTR_FAMILY_ID): .integer(bytes: 2), Int(CTRL_ATTR_FAMILY_NAME): .text(upTo: 15)]
    )
}
