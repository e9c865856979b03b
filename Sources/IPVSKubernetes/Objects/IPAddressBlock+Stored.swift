import IPVS

extension IPAddress.Block {
    /// Reads a block of addresses that an API server has stored.
    ///
    /// As in Kubernetes, there can be space around it, bits behind the prefix don't matter, and numbers can have leading zeros.
    init?(stored text: String) {
        guard let start = text.firstIndex(where: { !$0.isWhitespace }),
            let end = text.lastIndex(where: { !$0.isWhitespace })
        else { return nil }
        let parts = text[start...end].split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(stored: String(parts[0])),
            parts[1].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let length = UInt8(parts[1])
        else { return nil }
        self.init(containing: address, prefixLength: length)
    }

    /// The block of IPv4 addresses that this block of IPv6 addresses stands for, as in `::ffff:10.96.0.0/112`; nil if it is
    /// another one.
    var mappedIPv4: Self? {
        guard prefixLength >= 96, let address = first.mappedIPv4 else { return nil }
        return Self(containing: address, prefixLength: prefixLength - 96)
    }
}
