import IPVS

/// Blocks of source addresses of one family, in nft's language.
///
/// A set of blocks is one of intervals, and for each change of any element libnftables reads all sets of intervals that there
/// are. So few blocks are written without a set.
struct Sources {
    private let ip: String
    private let blocks: [IPAddress.Block]

    /// Those of the family among some blocks.
    init(_ all: [IPAddress.Block], _ family: IPAddress.Family) {
        ip = family == .ipv4 ? "ip" : "ip6"
        // A block within another one would be a conflict.
        var outer: [IPAddress.Block] = []
        for block in all.filter({ $0.first.family == family }).sorted() where !outer.cover(block.first) {
            outer.append(block)
        }
        blocks = outer
    }

    /// What packets from the blocks have; nil if there is none, and an empty text if all packets are from them.
    var match: String? { blocks.isEmpty ? nil : isEverything ? "" : "\(ip) saddr \(list)" }

    /// What packets from elsewhere have; nil if there are none, or no blocks.
    var mismatch: String? { blocks.isEmpty || isEverything ? nil : "\(ip) saddr != \(list)" }

    /// Rules of a chain that drop packets of the family from elsewhere.
    var rulesThatDropOthers: [String] {
        if isEverything { return [] }
        let drop = "meta nfproto \(ip == "ip" ? "ipv4" : "ipv6") drop"
        guard let mismatch else { return [drop] }
        if blocks.count == 1 || blocks.count > Self.limit { return ["\(mismatch) drop"] }
        return blocks.map { "\(ip) saddr \($0) return" } + [drop]
    }

    /// The number of blocks that take packets less time one after the other than they cost with a set.
    private static let limit = 64

    /// nft has no element for all addresses.
    private var isEverything: Bool { blocks.first?.prefixLength == 0 }

    private var list: String {
        let texts = blocks.map(\.description)
        return texts.count == 1 ? texts[0] : "{ \(texts.joined(separator: ", ")) }"
    }
}
