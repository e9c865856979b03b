import IPVS
public import IPVSProxy
import Netlink

extension NFTables {
    /// Checks that the kernel can have the rules; see `PacketFilter`. The kernel checks a whole table, and keeps nothing of it.
    public func check(_ options: PacketRules.Options) throws(PacketFilterError) {
        if let problem = options.pods.problem {
            throw PacketFilterError(.refused, "can't have the packet rules: \(problem)")
        }
        do throws(RulesetReader.Failure) {
            _ = try reader.generation()
        } catch {
            throw PacketFilterError(Self.having, error)
        }
        // No interface has a name that leads to this one, as "ch" is no number.
        var script = Script(table: "\(table)/check")
        script.create(comment: comment)
        Probe.everything(options, to: &script)
        guard let text = try dryRun(&script, to: Self.having) else { return }
        for probe in Probe.all {
            guard let text = try refusal(of: probe) else { continue }
            let error = PacketFilterError(Self.having, refused: text)
            guard error.code == .refused else { throw error }
            throw PacketFilterError(
                .unavailable,
                "can't \(Self.having): this kernel has no \(probe.title); load its module (modprobe \(probe.module)), or use a "
                    + "kernel with it (\(LibraryMessage(text)))"
            )
        }
        throw PacketFilterError(Self.having, refused: text)
    }

    /// What is said about a part of the packet filter that the kernel lacks; nil if it has it.
    func refusal(of probe: Probe) throws(PacketFilterError) -> String? {
        var script = Script(table: "\(table)/check")
        script.line("add table \(script.table)")
        for (kind, rest) in probe.objects { script.command("add \(kind)", rest) }
        return try dryRun(&script, to: Self.having)
    }

    private static let having = "have the packet rules"
}

/// A part of the packet filter that a kernel may lack.
struct Probe {
    let title: String
    let module: String

    /// What is added to a table: the kinds of objects, and the rest of nft's commands.
    let objects: [(kind: String, rest: String)]

    static let all: [Probe] = [
        Probe(title: "tables of nftables for both families", module: "nf_tables", objects: [("chain", plain)]),
        Probe(
            title: "sets of nftables",
            module: "nf_tables",
            objects: [
                ("set", "s { type ipv4_addr . inet_proto . inet_service; }"),
                ("map", "m { type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service; }"),
            ]
        ),
        Probe(
            title: "connection tracking for nftables",
            module: "nft_ct",
            objects: [
                ("chain", plain), ("rule", "c ct state != new accept"),
            ]
        ),
        Probe(title: "address translation for nftables", module: "nft_chain_nat", objects: [("chain", nat)]),
        Probe(
            title: "masquerading for nftables",
            module: "nft_masq",
            objects: [
                ("chain", nat), ("rule", "c masquerade fully-random"),
            ]
        ),
        Probe(
            title: "destination translation for nftables",
            module: "nft_nat",
            objects: [
                ("chain", "c { type nat hook output priority -100; }"), ("rule", "c dnat ip to 192.0.2.1"),
            ]
        ),
        Probe(
            title: "rejection for nftables",
            module: "nft_reject_inet",
            objects: [
                ("chain", plain), ("rule", "c meta l4proto tcp reject with tcp reset"),
            ]
        ),
    ]

    private static let plain = "c { type filter hook input priority 0; }"
    private static let nat = "c { type nat hook postrouting priority 100; }"

    /// The whole program, with an element of each map.
    static func everything(_ options: PacketRules.Options, to script: inout Script) {
        let name = ServicePortName(NamespacedName("check", "check"))
        let chain = Names.chain(of: name)
        script.command("add chain", chain)
        let block = IPAddress.Block(IPAddress(192, 0, 2, 1))
        script.rules(chain, SourceRanges.rules([block]))
        let endpoint = Endpoint(IPAddress(192, 0, 2, 1), 80)
        let destination = PacketRules.Destination(.tcp, endpoint)
        let elements = [
            PacketRules.Element(.redirect(destination), .endpoint(endpoint)),
            PacketRules.Element(.restricted(destination), .sourceRanges(name)),
        ]
        for element in elements { script.elements("add", NamedSet(of: element.key), [element], valued: true) }
        Program(options).write(to: &script)
    }
}
