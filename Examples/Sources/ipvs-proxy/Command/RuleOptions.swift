import ArgumentParser
import IPVS

/// The options of packet rules, with kube-proxy's names.
struct RuleOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Who makes the packet rules that services need, such as those for masquerading: nftables, or none. (default: "
                + "nftables)",
            valueName: "kind"
        ),
        transform: RuleKind.init(argument:)
    )
    var rules = RuleKind.nftables

    @Option(
        name: .customLong("cluster-cidr"),
        help: ArgumentHelp(
            "The cluster's pods have addresses in this block; others' connections to cluster IPs are masqueraded. Can be "
                + "repeated.",
            valueName: "cidr"
        ),
        transform: Blocks.init(argument:)
    )
    var clusterCIDRs: [Blocks] = []

    @Option(
        help: ArgumentHelp(
            "How packets of pods are recognized: ClusterCIDR, NodeCIDR, BridgeInterface or InterfaceNamePrefix. "
                + "(default: ClusterCIDR)",
            valueName: "mode"
        ),
        transform: LocalMode.init(argument:)
    )
    var detectLocalMode: LocalMode?

    @Option(
        help: ArgumentHelp("The bridge that packets of pods come from, for BridgeInterface.", valueName: "name"),
        transform: InterfaceName.init(argument:)
    )
    var podBridgeInterface: InterfaceName?

    @Option(
        help: ArgumentHelp(
            "How the names of the interfaces begin that packets of pods come from, for InterfaceNamePrefix.",
            valueName: "prefix"
        ),
        transform: InterfaceName.init(argument:)
    )
    var podInterfaceNamePrefix: InterfaceName?

    @Flag(help: "Masquerade all connections to cluster IPs, those of pods too.")
    var masqueradeAll = false

    @Option(
        name: .customLong("iptables-masquerade-bit"),
        help: ArgumentHelp(
            "The bit of a packet's mark, from 0 to 31, that says that it is to be masqueraded. (default: 14)",
            valueName: "bit"
        ),
        transform: MarkBit.init(argument:)
    )
    var masqueradeBit: MarkBit?

    /// Refuses invalid combinations of options.
    func check() throws(ValidationError) {
        let mode = detectLocalMode ?? .clusterCIDR
        let needs: [(LocalMode, isGiven: Bool, option: String)] = [
            (.bridgeInterface, podBridgeInterface != nil, "--pod-bridge-interface"),
            (.interfaceNamePrefix, podInterfaceNamePrefix != nil, "--pod-interface-name-prefix"),
        ]
        for (needed, isGiven, option) in needs where needed == mode && !isGiven {
            throw ValidationError("--detect-local-mode \(mode.rawValue) requires \(option).")
        }
    }

    /// Puts the options into a configuration.
    func apply(to configuration: inout KubeProxyConfiguration) {
        if !clusterCIDRs.isEmpty { configuration.clusterCIDR = BlockList(blocks: clusterCIDRs.flatMap(\.blocks)) }
        if let detectLocalMode { configuration.detectLocalMode = detectLocalMode }
        if let podBridgeInterface { configuration.detectLocal.bridgeInterface = podBridgeInterface.name }
        if let podInterfaceNamePrefix { configuration.detectLocal.interfaceNamePrefix = podInterfaceNamePrefix.name }
        if masqueradeAll { configuration.iptables.masqueradeAll = true }
        if let masqueradeBit { configuration.iptables.masqueradeBit = masqueradeBit.number }
    }
}

/// Who makes packet rules.
enum RuleKind: String, CaseIterable {
    case nftables, none

    init(argument: String) throws(ValidationError) {
        guard let kind = Self(rawValue: argument) else {
            throw ValidationError("it must be \(Self.allCases.map(\.rawValue).listed("or"))")
        }
        self = kind
    }
}

/// How packets of pods are recognized, in kube-proxy's words.
enum LocalMode: String, CaseIterable, Encodable {
    case clusterCIDR = "ClusterCIDR"
    case bridgeInterface = "BridgeInterface"
    case interfaceNamePrefix = "InterfaceNamePrefix"
    case nodeCIDR = "NodeCIDR"

    init(argument: String) throws(ValidationError) {
        guard let mode = Self(rawValue: argument) else {
            throw ValidationError("it must be \(Self.allCases.map(\.rawValue).listed("or"))")
        }
        self = mode
    }
}

/// The name of an interface, or the beginning of one.
struct InterfaceName {
    let name: String

    init(argument: String) throws(ValidationError) {
        let isValid = argument.utf8.allSatisfy { byte in
            (0x21...0x7e).contains(byte) && !#"/:"*\"#.utf8.contains(byte)
        }
        guard isValid, (1...15).contains(argument.utf8.count), ![".", ".."].contains(argument) else {
            throw ValidationError("no interface can have this name")
        }
        name = argument
    }
}

/// The number of a bit in a packet's mark.
struct MarkBit {
    let number: UInt8

    init(number: UInt8) { self.number = number }

    init(argument: String) throws(ValidationError) {
        guard let number = UInt8(argument), number <= 31 else {
            throw ValidationError("it must be a number from 0 to 31")
        }
        self.number = number
    }
}
