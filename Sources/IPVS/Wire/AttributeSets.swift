package import Netlink

// The names of attributes in linux/ip_vs.h, for errors.
extension AttributeSet {
    package static var command: Self {
        Self("IPVS_CMD_ATTR_", "UNSPEC SERVICE DEST DAEMON TIMEOUT_TCP TIMEOUT_TCP_FIN TIMEOUT_UDP")
    }

    static var info: Self { Self("IPVS_INFO_ATTR_", "UNSPEC VERSION CONN_TAB_SIZE") }

    static var service: Self {
        Self(
            "IPVS_SVC_ATTR_",
            "UNSPEC AF PROTOCOL ADDR PORT FWMARK SCHED_NAME FLAGS TIMEOUT NETMASK STATS PE_NAME STATS64"
        )
    }

    static var destination: Self {
        Self(
            "IPVS_DEST_ATTR_",
            """
            UNSPEC ADDR PORT FWD_METHOD WEIGHT U_THRESH L_THRESH ACTIVE_CONNS INACT_CONNS PERSIST_CONNS STATS ADDR_FAMILY \
            STATS64 TUN_TYPE TUN_PORT TUN_FLAGS
            """
        )
    }

    static var daemon: Self {
        Self(
            "IPVS_DAEMON_ATTR_",
            "UNSPEC STATE MCAST_IFN SYNC_ID SYNC_MAXLEN MCAST_GROUP MCAST_GROUP6 MCAST_PORT MCAST_TTL"
        )
    }

    static var statistics: Self {
        Self("IPVS_STATS_ATTR_", "UNSPEC CONNS INPKTS OUTPKTS INBYTES OUTBYTES CPS INPPS OUTPPS INBPS OUTBPS PAD")
    }
}
