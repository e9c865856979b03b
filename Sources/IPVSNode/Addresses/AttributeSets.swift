import Netlink

// The names of rtnetlink's attributes, for errors; only those that are read here.
extension AttributeSet {
    static var link: Self {
        Self(
            "IFLA_",
            """
            UNSPEC ADDRESS BROADCAST IFNAME MTU LINK QDISC STATS COST PRIORITY MASTER WIRELESS PROTINFO TXQLEN MAP WEIGHT \
            OPERSTATE LINKMODE LINKINFO NET_NS_PID IFALIAS
            """
        )
    }

    static var linkInfo: Self { Self("IFLA_INFO_", "UNSPEC KIND") }

    static var interfaceAddress: Self {
        Self("IFA_", "UNSPEC ADDRESS LOCAL LABEL BROADCAST ANYCAST CACHEINFO MULTICAST FLAGS")
    }

    static var route: Self { Self("RTA_", "UNSPEC DST SRC IIF OIF") }
}
