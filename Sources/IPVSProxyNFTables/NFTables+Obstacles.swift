public import IPVSProxy
import Netlink
import VisibleText

extension NFTables {
    /// What rules of others do to the proxier's connections; see `PacketFilter`.
    ///
    /// It finds what nftables knows, and sets of ipset. Tables of the older iptables (`iptables-legacy`) are not visible to
    /// nftables, and are not looked at.
    public func obstacles() throws(PacketFilterError) -> [PacketObstacle] {
        let (chains, sets) = try allChains()
        var obstacles: [PacketObstacle] = []
        for chain in chains where chain.isForForwarded {
            if try dropsAnswers(chain) { obstacles.append(PacketObstacle(chain.forwardingSentence)) }
        }
        let left = KubeProxyRemains(chains: chains, sets: sets)
        return obstacles + left.sentences.map { PacketObstacle($0) }
    }

    private func allChains() throws(PacketFilterError) -> (chains: [SeenChain], sets: [String]) {
        var failure = RulesetReader.Failure.interrupted
        for _ in 1...10 {
            do throws(RulesetReader.Failure) {
                return (try reader.chains(.all), try reader.ipsets())
            } catch .interrupted {
                failure = .interrupted
            } catch {
                failure = error
                break
            }
        }
        throw PacketFilterError("read the packet rules of others", failure)
    }

    /// Whether a chain drops packets of connections that were begun before.
    private func dropsAnswers(_ chain: SeenChain) throws(PacketFilterError) -> Bool {
        guard let family = chain.familyName else { return false }
        var walk = ChainWalk(library, table: "\(family) \(chain.table)")
        return switch try walk.fate(in: chain.name) {
        case .accepted: false
        case .dropped: true
        case .undecided: chain.hook?.accepts == false
        }
    }
}

/// The way of packets of connections that were begun before, through the chains of a table.
private struct ChainWalk {
    private let library: Library

    /// The family and the name of the table.
    private let table: String

    /// What is known already, as many chains can jump to one.
    private var fates: [String: Fate] = [:]

    enum Fate { case accepted, dropped, undecided }

    init(_ library: Library, table: String) { (self.library, self.table) = (library, table) }

    /// What becomes of all these packets in a chain. Where that can't be known, they count as accepted.
    mutating func fate(in chain: String, depth: Int = 0) throws(PacketFilterError) -> Fate {
        if let fate = fates[chain] { return fate }
        // The kernel allows no more jumps than these.
        guard depth <= 16 else { return .accepted }
        var fate = Fate.undecided
        rules: for verdict in try verdicts(of: chain) {
            switch verdict {
            case .accept: fate = .accepted
            case .drop: fate = .dropped
            case .jump(let next): fate = try self.fate(in: next, depth: depth + 1)
            case .goto(let next):
                fate = try self.fate(in: next, depth: depth + 1)
                break rules
            case .back: break rules
            }
            if fate != .undecided { break }
        }
        fates[chain] = fate
        return fate
    }

    private func verdicts(of chain: String) throws(PacketFilterError) -> [ListedVerdict] {
        // Other names don't occur, and nft could not read them.
        guard (table.split(separator: " ") + [chain[...]]).allSatisfy(\.isIdentifier) else { return [.accept] }
        let text: String?
        do throws(SystemError) {
            text = try library.output(of: "list chain \(table) \(chain)")
        } catch {
            throw PacketFilterError("read the packet rules of others", error)
        }
        // The chain was removed meanwhile, or nft can't show it.
        guard let text else { return [.accept] }
        return text.split(separator: "\n").compactMap { ListedVerdict(line: $0) }
    }
}

extension SeenChain {
    /// Whether the kernel calls it for packets on their way through the node.
    fileprivate var isForForwarded: Bool {
        hook.map { $0.type == "filter" && $0.point == Program.Point.forward.rawValue } ?? false
    }

    fileprivate var familyName: String? {
        switch NetfilterRequest.Family(rawValue: family) {
        case .inet: "inet"
        case .ipv4: "ip"
        case .ipv6: "ip6"
        case .all, nil: nil
        }
    }

    fileprivate var forwardingSentence: String {
        let (family, table, name) = (familyName ?? "", table.visible(upTo: 60), name.visible(upTo: 60))
        return
            "chain \(name) of table \(family) \(table) drops what no rule of it accepts, and with it the answers of pods: "
            + "nft insert rule \(family) \(table) \(name) ct state established,related accept"
    }

    fileprivate var place: String? { familyName.map { "\($0) \(table.visible(upTo: 60))" } }
}

extension Substring {
    fileprivate var isIdentifier: Bool {
        guard let first = utf8.first, !isEmpty else { return false }
        let isLetter = { (byte: UInt8) in (0x41...0x5a).contains(byte & 0xdf) || [0x5f, 0x2e].contains(byte) }
        return isLetter(first)
            && utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || [0x2d, 0x2f].contains($0) }
    }
}

/// What kube-proxy has left in a kernel.
struct KubeProxyRemains {
    /// Where its chains are, with their number.
    private(set) var chains: [String: Int] = [:]

    /// The number of its sets.
    let sets: Int

    /// The tables of its nftables mode.
    private(set) var tables: Set<String> = []

    init(chains seen: [SeenChain], sets names: [String]) {
        for chain in seen {
            guard let place = chain.place else { continue }
            if chain.table == "kube-proxy" {
                tables.insert(place)
            } else if chain.name.hasPrefix(Self.prefix), !Self.ofKubelet.contains(chain.name) {
                chains[place, default: 0] += 1
            }
        }
        sets = names.count { $0.hasPrefix(Self.prefix) }
    }

    private static let prefix = "KUBE-"

    /// Chains that the kubelet makes, now or in older releases.
    private static let ofKubelet: Set<String> = [
        "KUBE-FIREWALL", "KUBE-IPTABLES-HINT", "KUBE-KUBELET-CANARY", "KUBE-MARK-DROP", "KUBE-MARK-MASQ",
        "KUBE-POSTROUTING",
    ]

    private static let advice =
        "stop it, and remove them or reboot the node (not with kube-proxy --cleanup, which deletes the virtual servers)"

    /// One sentence for each kind.
    var sentences: [String] {
        var sentences: [String] = []
        let places = chains.keys.sorted().joined(separator: ", ")
        if !chains.isEmpty {
            let count = chains.values.reduce(0, +)
            sentences.append(
                "kube-proxy has left \(count == 1 ? "a chain" : "\(count) chains") named KUBE-… in \(places), which may mark, drop "
                    + "or redirect packets of services: \(Self.advice)"
            )
        }
        if sets > 0 {
            sentences.append(
                "kube-proxy has left \(sets == 1 ? "a set" : "\(sets) sets") of ipset named KUBE-…: \(Self.advice)"
            )
        }
        sentences += tables.sorted().map { table in
            "kube-proxy has left the table \(table), which redirects packets of services: stop it, and run nft delete table \(table)"
        }
        return sentences
    }
}
