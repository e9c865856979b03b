public import IPVSProxy
import Netlink

extension NFTables {
    /// What rules of others do to the proxier's connections; see `PacketFilter`.
    ///
    /// It finds what nftables knows, and sets of ipset. Tables of the older iptables (`iptables-legacy`) are not visible to
    /// nftables, and are not looked at.
    public func obstacles() throws(PacketFilterError) -> [PacketObstacle] {
        let (chains, sets) = try allChains()
        var obstacles: [PacketObstacle] = []
        for chain in chains where chain.dropsForwarded {
            if try !acceptsAnswers(chain) { obstacles.append(PacketObstacle(chain.forwardingSentence)) }
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

    /// Whether a chain has a rule that accepts the packets of connections that were begun before.
    private func acceptsAnswers(_ chain: SeenChain) throws(PacketFilterError) -> Bool {
        // Other names don't occur, and nft could not read them.
        guard [chain.table, chain.name].allSatisfy(\.isIdentifier), let family = chain.familyName else { return true }
        let script = "list chain \(family) \(chain.table) \(chain.name)"
        let text: String?
        do throws(SystemError) {
            text = try library.output(of: script)
        } catch {
            throw PacketFilterError("read the packet rules of others", error)
        }
        // The chain was removed meanwhile, or nft can't show it.
        guard let text else { return true }
        return text.split(separator: "\n").contains { AcceptingRule.isOne($0) }
    }
}

/// Rules, as nft lists them, that accept the packets of connections that were begun before.
enum AcceptingRule {
    /// Whether a line is such a rule, without any condition that some of these packets don't fulfill.
    static func isOne(_ line: Substring) -> Bool {
        var words = line.split(whereSeparator: { " \t,".contains($0) }).map(String.init)
        if let comment = words.firstIndex(where: { ["comment", "#"].contains($0) }) {
            words.removeSubrange(comment...)
        }
        // Statements that decide nothing.
        while let counter = words.firstIndex(of: "counter") {
            let hasNumbers = words.dropFirst(counter + 1).first == "packets"
            words.removeSubrange(counter..<min(words.count, counter + (hasNumbers ? 5 : 1)))
        }
        if words == ["accept"] { return true }
        guard words.starts(with: ["ct", "state"]) else { return false }
        if words.dropFirst(2).first == "vmap" {
            return words.indices.contains {
                words[$0] == "established" && words[$0...].prefix(3).elementsEqual(["established", ":", "accept"])
            }
        }
        let states = words.dropFirst(2).dropLast().filter { !["{", "}"].contains($0) }
        return words.last == "accept" && states.contains("established")
            && states.allSatisfy { ["established", "related", "new", "invalid", "untracked"].contains($0) }
    }
}

extension SeenChain {
    /// Whether it drops all packets on their way through the node that no rule of it accepts.
    fileprivate var dropsForwarded: Bool {
        guard let hook, familyName != nil else { return false }
        return hook.type == "filter" && hook.point == Program.Point.forward.rawValue && !hook.accepts
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

extension String {
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

    /// One sentence for each kind.
    var sentences: [String] {
        var sentences: [String] = []
        let places = chains.keys.sorted().joined(separator: ", ")
        if !chains.isEmpty {
            let count = chains.values.reduce(0, +)
            sentences.append(
                "kube-proxy has left \(count == 1 ? "a chain" : "\(count) chains") named KUBE-… in \(places), which may mark, drop "
                    + "or redirect packets of services: stop it, and run kube-proxy --cleanup or reboot the node"
            )
        }
        if sets > 0 {
            sentences.append(
                "kube-proxy has left \(sets == 1 ? "a set" : "\(sets) sets") of ipset named KUBE-…: "
                    + "stop it, and run kube-proxy --cleanup or reboot the node"
            )
        }
        sentences += tables.sorted().map { table in
            "kube-proxy has left the table \(table), which redirects packets of services: stop it, and run nft delete table \(table)"
        }
        return sentences
    }
}
