import IPVS
import IPVSProxy

/// A chain as it was written.
///
/// Only the library knows how the kernel has a rule. So whether a chain is still as it was written is seen by what the kernel
/// had after that. For later processes the table has a mark: an empty chain whose name says both for all chains together.
struct WrittenChain: Equatable {
    /// A hash of its rules in nft's language.
    let text: UInt64

    /// A hash of its rules as the kernel had them; 0 without any.
    let rules: UInt64
}

extension [String: WrittenChain] {
    /// The name of the mark for these chains.
    var mark: String {
        // Sums, as one chain changes and the others are not looked at then.
        let (texts, rules) = values.reduce(into: (UInt64(0), UInt64(0))) { sums, chain in
            sums.0 &+= chain.text
            sums.1 &+= chain.rules
        }
        return Names.markPrefix + [texts, rules].map { String($0, radix: 16) }.joined(separator: "-")
    }
}

extension Program {
    /// The hash of each chain's text.
    var texts: [String: UInt64] {
        Dictionary(
            uniqueKeysWithValues: chains.map { chain in
                (chain.name, StableHash.of([chain.name, chain.hook?.description ?? ""] + chain.rules))
            }
        )
    }
}

extension SourceRanges {
    /// The hash of the text of each service port's chain, by the chains' names.
    static func texts(_ ranges: [ServicePortName: [IPAddress.Block]]) -> [String: UInt64] {
        Dictionary(
            uniqueKeysWithValues: ranges.map { name, blocks in
                let chain = Names.chain(of: name)
                return (chain, StableHash.of([chain] + rules(blocks)))
            }
        )
    }
}
