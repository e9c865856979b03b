public import IPVSProxy

extension InMemoryNode {
    /// What a node has besides the kernel's table, and what is wrong with it.
    public struct Contents: Sendable {
        /// The network interfaces, by their names. One with another name has another number too, as a new interface does.
        public var interfaces: [String: Interface] = Interface.initial

        /// The values of kernel settings, by the names that `sysctl` uses. One that is not there is missing, as on a kernel that
        /// is older, or without its module.
        public var sysctls: [String: Int] = Self.initialSysctls

        /// The packet rules of the proxier; nil if there are none.
        public var packetRules: PacketRules?

        /// What rules of others do to a proxier's connections, as its reports say.
        public var packetObstacles: [PacketObstacle] = []

        /// The error numbers of kernel settings that can't be written, by their names: `EROFS` for one that is read-only.
        public var sysctlErrors: [String: Int32] = [:]

        /// The errors of operations on packet rules, for as long as they are here.
        public var ruleErrors: [RuleOperation: PacketFilterError] = [:]
    }

    /// An operation on packet rules, a method of `PacketFilter`.
    public enum RuleOperation: Hashable, Sendable, CaseIterable {
        /// `check(_:)`, before anything else is done.
        case check
        /// `isUnchanged()`, which tells whether the rules have to be read.
        case isUnchanged
        /// `difference(to:)`, which reads the rules.
        case difference
        /// `write(_:)`, which changes them.
        case write
        /// `remove()`, by a clean-up.
        case remove
        /// `obstacles()`, which looks for rules of others.
        case obstacles
    }
}

extension InMemoryNode.Contents {
    /// The settings that a proxier may want, with the values of a kernel that has just started.
    private static let initialSysctls = [
        "net.ipv4.ip_forward": 0, "net.ipv6.conf.all.forwarding": 0,
        "net.ipv4.conf.all.arp_ignore": 0, "net.ipv4.conf.all.arp_announce": 0,
        "net.ipv4.vs.conntrack": 0, "net.ipv4.vs.conn_reuse_mode": 1,
        "net.ipv4.vs.expire_nodest_conn": 0, "net.ipv4.vs.expire_quiescent_template": 0,
        "net.netfilter.nf_conntrack_max": 262_144, "net.netfilter.nf_conntrack_tcp_be_liberal": 0,
        "net.netfilter.nf_conntrack_tcp_timeout_established": 432_000,
        "net.netfilter.nf_conntrack_tcp_timeout_close_wait": 60,
        "net.netfilter.nf_conntrack_udp_timeout": 30, "net.netfilter.nf_conntrack_udp_timeout_stream": 120,
    ]
}
