import IPVS

/// The chain of a service port with source ranges.
enum SourceRanges {
    /// Its rules: packets from other sources are dropped.
    static func rules(_ blocks: [IPAddress.Block]) -> [String] {
        [(IPAddress.Family.ipv4, "ipv4"), (.ipv6, "ipv6")].compactMap { family, name in
            let sources = Sources(blocks, family)
            if sources.isEmpty { return "meta nfproto \(name) drop" }
            return sources.mismatch.map { "\($0) drop" }
        }
    }
}
