import IPVS
import IPVSNode
import IPVSProxy

/// What the Node object says of the node. Without an API server, nothing.
struct NodeFacts: Hashable, Sendable {
    /// The blocks of the node's pods.
    var podBlocks: [IPAddress.Block] = []

    /// The main address of each family.
    var addresses: [IPAddress] = []
}

extension Settings {
    /// Whether the proxier's configuration needs what the Node object says.
    var needsNodeFacts: Bool { lack(of: NodeFacts()) != nil }

    /// The proxier's configuration.
    ///
    /// - Parameter facts: What the Node object says, if ``needsNodeFacts``.
    /// - Returns: The configuration.
    func proxier(_ facts: NodeFacts = NodeFacts()) -> Proxier.Configuration {
        let ipvs = configuration.ipvs
        var proxier = Proxier.Configuration()
        proxier.interface = bindInterface
        proxier.bindingMethod = bindAs
        proxier.namespace = namespace
        proxier.scheduler = Scheduler(rawValue: ipvs.scheduler)
        let addresses = configuration.bindAddress.isUnspecified ? facts.addresses : [configuration.bindAddress]
        proxier.nodePortBlocks = configuration.nodePortAddresses.flatMap { $0.blocks(addresses) }
        proxier.excludedBlocks = ipvs.excludeCIDRs
        proxier.minSyncPeriod = ipvs.minSyncPeriod.duration
        proxier.syncPeriod = ipvs.syncPeriod.duration
        proxier.drainTimeout = drainTimeout
        proxier.packetRules = packetRules(facts)
        proxier.sysctls = Sysctl.ipvsMode(strictARP: ipvs.strictARP) + trackingSysctls
        proxier.timeouts = Timeouts(
            tcp: ipvs.tcpTimeout.value,
            tcpFIN: ipvs.tcpFinTimeout.value,
            udp: ipvs.udpTimeout.value
        )
        return proxier
    }

    /// The options of packet rules.
    ///
    /// - Parameter facts: What the Node object says, if ``needsNodeFacts``.
    /// - Returns: The options in the library's form.
    func packetRules(_ facts: NodeFacts = NodeFacts()) -> PacketRules.Options {
        var options = PacketRules.Options()
        options.masqueradesAll = configuration.iptables.masqueradeAll
        options.masqueradeBit = configuration.iptables.masqueradeBit
        let detectLocal = configuration.detectLocal
        switch configuration.detectLocalMode {
        case .clusterCIDR: options.pods = .blocks(configuration.clusterCIDR.blocks)
        case .nodeCIDR: options.pods = .blocks(facts.podBlocks)
        case .bridgeInterface: options.pods = .bridge(detectLocal.bridgeInterface)
        case .interfaceNamePrefix: options.pods = .interfacePrefix(detectLocal.interfaceNamePrefix)
        }
        return options
    }

    /// The settings of the kernel's connection tracking.
    private var trackingSysctls: [Sysctl] {
        let conntrack = configuration.conntrack
        return Sysctl.connectionTracking(
            maxPerCore: conntrack.maxPerCore,
            min: conntrack.min,
            tcpEstablishedTimeout: conntrack.tcpEstablishedTimeout.seconds,
            tcpCloseWaitTimeout: conntrack.tcpCloseWaitTimeout.seconds,
            tcpIsLiberal: conntrack.tcpBeLiberal,
            udpTimeout: conntrack.udpTimeout.seconds,
            udpStreamTimeout: conntrack.udpStreamTimeout.seconds
        )
    }
}

extension PacketRules.PodDetection {
    /// By blocks, if there are any.
    fileprivate static func blocks(_ blocks: [IPAddress.Block]) -> Self { blocks.isEmpty ? .none : .sources(blocks) }
}

extension IdleTimeout {
    /// The seconds, or nil to leave the kernel's value.
    fileprivate var value: UInt32? { seconds == 0 ? nil : seconds }
}

extension IPAddress {
    /// Whether it stands for all addresses of its family.
    var isUnspecified: Bool { self == IPAddress(0, 0, 0, 0) || self == IPAddress("::") }
}
