import IPVS

extension IPAddress {
    /// The kind of address if it is one that services can't have, or nil otherwise. The API server refuses such
    /// external IPs.
    var purposeOfItsOwn: String? {
        Self.purposes.first { $0.value.contains { $0.contains(self) } }?.key
    }

    private static let purposes: KeyValuePairs<String, [Block]> = [
        "the unspecified address": ["0.0.0.0/32", "::/128"].compactMap(Block.init),
        "a loopback address": ["127.0.0.0/8", "::1/128"].compactMap(Block.init),
        "a link-local address": ["169.254.0.0/16", "fe80::/10"].compactMap(Block.init),
        "a multicast address": ["224.0.0.0/4", "ff00::/8"].compactMap(Block.init),
        "the broadcast address": ["255.255.255.255/32"].compactMap(Block.init),
    ]
}
