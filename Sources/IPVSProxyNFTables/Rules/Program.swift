import IPVS
import IPVSProxy
import VisibleText

/// The fixed part of the rules: chains that look packets up in the sets and maps.
///
/// A packet for a service has its address at `prerouting`, `input` and `output`, where IPVS takes it, and that of an endpoint
/// at `postrouting`. The mark carries over.
struct Program {
    /// A chain with its rules, in nft's language.
    struct Chain {
        let name: String
        var hook: Hook?
        let rules: [String]
    }

    /// Where a chain is called by the kernel.
    struct Hook: Equatable {
        let type: String
        let point: Point
        let priority: Int32
    }

    /// A point in a packet's way, with the kernel's number for it.
    enum Point: UInt32 {
        case prerouting = 0
        case input = 1
        case forward = 2
        case output = 3
        case postrouting = 4
    }

    /// The chains; those that others jump to come first.
    let chains: [Chain]

    /// The program for some options, which must be valid.
    init(_ options: PacketRules.Options) {
        let (bit, pods) = (UInt32(1) << options.masqueradeBit, options.pods)
        let mark = "meta mark set meta mark | \(bit)"
        chains =
            [Self.sourceCheck, Self.refuse] + Self.families.map(Self.services) + [
                Self.prerouting(options, mark: mark),
                Self.output(mark: mark),
                Self.input,
                Chain(
                    name: "nat-prerouting",
                    hook: Hook(type: "nat", point: .prerouting, priority: -100),
                    // Pods are sent to the cluster IP before IPVS sees the packet.
                    rules: Self.families.compactMap { family in
                        pods.match(family).map { Self.line($0, Self.redirect(family)) }
                    }
                ),
                Chain(
                    name: "nat-output",
                    hook: Hook(type: "nat", point: .output, priority: -100),
                    rules: Self.families.map(Self.redirect)
                ),
                Self.postrouting(bit),
            ]
    }

    /// The names of the chains, which don't depend on options, with their hooks.
    static let hooks: [String: Hook?] = Dictionary(
        uniqueKeysWithValues: Program(PacketRules.Options()).chains.map { ($0.name, $0.hook) }
    )

    /// The commands that make the chains what they should be, whatever they are.
    func write(to script: inout Script) {
        for chain in chains { script.command("add chain", "\(chain.name)\(chain.hook.map { " \($0)" } ?? "")") }
        for chain in chains { script.command("flush chain", chain.name) }
        for chain in chains { script.rules(chain.name, chain.rules) }
    }
}

extension Program.Hook: CustomStringConvertible {
    var description: String { "{ type \(type) hook \(point) priority \(priority); policy accept; }" }
}

// MARK: - The chains

extension Program {
    private static let families = [IPAddress.Family.ipv4, .ipv6]
    private static let otherProtocols = "meta l4proto != { tcp, udp, sctp } accept"

    /// Source ranges apply to all packets, also to those of connections that were begun before.
    private static let sourceCheck = Chain(
        name: "check-sources",
        rules: families.map { "\(key($0)) vmap @\(set(.restricted, $0))" }
    )

    /// The first packet of a connection alone decides about all of them. Later ones may be new to the kernel too, as there
    /// was no answer yet, and would keep the mark.
    private static let laterPackets = ["ct state != new accept", "ct status confirmed accept"]

    private static func prerouting(_ options: PacketRules.Options, mark: String) -> Chain {
        var rules = [otherProtocols, "jump check-sources"] + laterPackets
        rules += families.map { line(key($0), "@\(set(.external, $0))", mark, "accept") }
        for family in families {
            let isForClusterIP = line(key(family), "@\(set(.clusterIPs, family))", mark)
            if options.masqueradesAll {
                rules.append(isForClusterIP)
                // These are sent to a cluster IP.
                if let pods = options.pods.match(family) {
                    rules.append(line(pods, key(family), "@\(set(.local, family))", mark))
                }
            } else if let strangers = options.pods.mismatch(family) {
                rules.append(line(strangers, isForClusterIP))
            }
        }
        return Chain(
            name: "prerouting",
            hook: Hook(type: "filter", point: .prerouting, priority: -105),
            rules: rules
        )
    }

    /// The node's own packets have the service's address as their source. Endpoints could not answer that.
    private static func output(mark: String) -> Chain {
        let served: [NamedSet.Kind] = [.clusterIPs, .external, .local]
        return Chain(
            name: "output",
            hook: Hook(type: "filter", point: .output, priority: -105),
            // IPVS takes the packets before they reach input.
            rules: [otherProtocols, "jump check-sources"] + laterPackets + families.map(refusal)
                + families.flatMap { family in
                    served.map { line(key(family), "@\(set($0, family))", mark) }
                }
        )
    }

    /// IPVS takes packets at a later priority, so these rules still see them.
    private static let input = Chain(
        name: "input",
        hook: Hook(type: "filter", point: .input, priority: 0),
        rules: [otherProtocols, "ct state != new accept"]
            + families.map { line(key($0), "@\(set(.unserved, $0)) drop") } + families.map(refusal)
            + families.map { "\(ip($0)) daddr @\(set(.addresses, $0)) jump \(servicesName($0))" }
    )

    /// New connections to an address that the proxier has bound.
    private static func services(_ family: IPAddress.Family) -> Chain {
        let served: [NamedSet.Kind] = [.clusterIPs, .external, .local]
        return Chain(
            name: servicesName(family),
            rules: served.map { line(key(family), "@\(set($0, family)) accept") } + [
                "tcp dport @\(NamedSet(kind: .healthCheckPorts, family: nil).name) accept", "goto \(refuse.name)",
            ]
        )
    }

    private static func refusal(_ family: IPAddress.Family) -> String {
        line(key(family), "@\(set(.refused, family)) goto \(refuse.name)")
    }

    private static let refuse = Chain(
        name: "refuse",
        rules: ["meta l4proto tcp reject with tcp reset", "reject with icmpx type port-unreachable"]
    )

    private static func servicesName(_ family: IPAddress.Family) -> String {
        family == .ipv4 ? "services-4" : "services-6"
    }

    private static func postrouting(_ bit: UInt32) -> Chain {
        let masquerade = "masquerade fully-random"
        return Chain(
            name: "nat-postrouting",
            hook: Hook(type: "nat", point: .postrouting, priority: 100),
            rules: ["meta mark & \(bit) != 0 meta mark set meta mark & \(~bit) \(masquerade)"]
                + families.map { family in
                    let ip = ip(family)
                    // The node's own connections to an endpoint of its network are none of IPVS.
                    return "oifname != \"lo\" \(ip) saddr . \(ip) daddr @\(set(.hairpins, family)) \(masquerade)"
                }
        )
    }

    private static func redirect(_ family: IPAddress.Family) -> String {
        "meta l4proto { tcp, udp, sctp } dnat \(ip(family)) to \(key(family)) map @\(set(.redirects, family))"
    }

    /// The key of a destination.
    private static func key(_ family: IPAddress.Family) -> String { "\(ip(family)) daddr . meta l4proto . th dport" }

    private static func ip(_ family: IPAddress.Family) -> String { family == .ipv4 ? "ip" : "ip6" }

    private static func set(_ kind: NamedSet.Kind, _ family: IPAddress.Family) -> String {
        NamedSet(kind: kind, family: family).name
    }

    private static func line(_ parts: String...) -> String { parts.filter { !$0.isEmpty }.joined(separator: " ") }
}

// MARK: - Pods

extension PacketRules.PodDetection {
    /// What packets of pods have; nil if they can't be recognized, and an empty text if all are.
    fileprivate func match(_ family: IPAddress.Family) -> String? {
        switch self {
        case .none: nil
        case .bridge, .interfacePrefix: "iifname \(interfacePattern)"
        case .sources(let blocks): Sources(blocks, family).match
        }
    }

    /// What packets of strangers have; nil if there are none or they can't be recognized.
    fileprivate func mismatch(_ family: IPAddress.Family) -> String? {
        switch self {
        case .none: nil
        case .bridge, .interfacePrefix: "iifname != \(interfacePattern)"
        case .sources(let blocks): Sources(blocks, family).mismatch
        }
    }

    private var interfacePattern: String {
        switch self {
        case .bridge(let name): "\"\(name)\""
        case .interfacePrefix(let prefix): "\"\(prefix)*\""
        case .none, .sources: ""
        }
    }

    /// What is wrong with it, as the second half of a sentence; nil if it is valid.
    var problem: String? {
        switch self {
        case .none, .sources: nil
        case .bridge(let name): name.isInterface(upTo: 15) ? nil : "\(name.quoted) is no name of an interface"
        case .interfacePrefix(let prefix):
            prefix.isInterface(upTo: 14) ? nil : "\(prefix.quoted) is no beginning of an interface's name"
        }
    }
}

extension String {
    /// Whether an interface can have the name, and nft can write it. It has no escape for quotes.
    fileprivate func isInterface(upTo limit: Int) -> Bool {
        (1...limit).contains(utf8.count) && utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && !"\"\\*/:%".utf8.contains($0) }
    }
}
