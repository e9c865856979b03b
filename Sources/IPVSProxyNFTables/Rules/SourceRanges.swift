import IPVS

/// The chain of a service port with source ranges.
enum SourceRanges {
    /// Its rules: packets from other sources are dropped.
    static func rules(_ blocks: [IPAddress.Block]) -> [String] {
        [IPAddress.Family.ipv4, .ipv6].flatMap { Sources(blocks, $0).rulesThatDropOthers }
    }
}
