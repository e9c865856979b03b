import IPVS
import IPVSFuzzing
import IPVSProxy
import Netlink

@testable import IPVSProxyNFTables

/// A call of a reader of rules, and what must hold for its result.
enum ReaderCall {
    case generation, table, chains, sets, rules, rulesOfChain, ipsets
    case elements(NamedSet)

    static let all: [ReaderCall] =
        [.generation, .table, .chains, .sets, .rules, .rulesOfChain, .ipsets] + NamedSet.all.map { .elements($0) }

    /// Makes the call for a table "t".
    func make(_ reader: RulesetReader) throws {
        switch self {
        case .generation: _ = try reader.generation()
        case .table: _ = try reader.flags(ofTable: "t")
        case .chains: try checkRemains(chains: try reader.chains(.all), sets: [])
        case .ipsets: try checkRemains(chains: [], sets: try reader.ipsets())
        case .sets:
            for set in try reader.sets(ofTable: "t") {
                try hold(set.table == "t", "a set is one of the table \(set.table)")
                for own in NamedSet.all where set.isLike(own) {
                    try hold(set.keyLength == own.keyLength && !set.isAnonymous, "\(set) is no \(own.name)")
                }
            }
        case .rules: _ = try reader.fingerprints(ofTable: "t")
        case .rulesOfChain: _ = try reader.fingerprints(ofTable: "t", chain: "input")
        case .elements(let set):
            var elements: [SeenElement] = []
            try reader.elements(of: set, inTable: "t") { if let element = $0 { elements.append(element) } }
            for element in elements { try check(element, of: set) }
        }
    }

    /// Expects that an element is one of its set's, and can be deleted.
    private func check(_ element: SeenElement, of set: NamedSet) throws {
        try hold(NamedSet(of: element.key) == set, "\(element.key) is none of \(set.name)")
        switch (set.values, element.value) {
        case (_, nil), (.none, .some(SeenElement.Value.none)), (.verdicts, .chain): break
        case (.endpoints, .endpoint(let endpoint)):
            try hold(endpoint.address.family == set.family, "\(element.key) leads to \(endpoint)")
        default: throw FuzzFailure("\(element.key) has the value of another set")
        }
        var script = Script(table: "t")
        script.elements("delete", set, [PacketRules.Element(element.key)], valued: false)
        try hold(script.bytes.allSatisfy { (0x20..<0x7f).contains($0) || $0 == 0x0a }, "\(element.key) is no text")
    }

    /// Expects that what is said about the remains of kube-proxy can be printed.
    private func checkRemains(chains: [SeenChain], sets: [String]) throws {
        for sentence in KubeProxyRemains(chains: chains, sets: sets).sentences {
            let isVisible = sentence.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
            try hold(isVisible, "a sentence is \(sentence)")
        }
    }
}
