import IPVS

extension IPAddress.Block {
    /// Reads a block of addresses that an API server has stored.
    ///
    /// As in Kubernetes, there can be space around it, bits behind the prefix don't matter, and numbers can have leading zeros. A
    /// block of IPv6 addresses that stands for one of IPv4 addresses is that one.
    init?(stored text: String) {
        let trimmed = text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()
        let parts = String(trimmed).split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let address = IPAddress(stored: parts[0]),
            parts[1].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let length = UInt8(parts[1])
        else { return nil }
        if parts[0].contains(":"), address.family == .ipv4 {
            if length >= 96 {
                self.init(containing: address, prefixLength: length - 96)
            } else {
                // It has more addresses than those that stand for IPv4 addresses.
                guard let mapped = IPAddress(parts[0]) else { return nil }
                self.init(containing: mapped, prefixLength: length)
            }
        } else {
            self.init(containing: address, prefixLength: length)
        }
    }
}
