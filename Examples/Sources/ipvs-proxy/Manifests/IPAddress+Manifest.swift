import IPVS

extension IPAddress {
    /// Reads an address of a manifest. As in kube-proxy, numbers can have leading zeros, which older API servers
    /// accepted, and are decimal nevertheless.
    init?(manifest text: String) {
        if let address = Self(text) {
            self = address
            return
        }
        // Zeros before a digit of the same number.
        self.init(text.replacing(/(^|[.:])0+(?=[0-9A-Fa-f])/) { $0.output.1 })
    }

    /// The IPv4 address that this IPv6 address stands for, as in `::ffff:10.96.0.1`, or nil if it is another one.
    ///
    /// No packet has such an address.
    var mappedIPv4: IPAddress? {
        guard family == .ipv6 else { return nil }
        let bytes = bytes
        guard bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xff, bytes[11] == 0xff else { return nil }
        return IPAddress(bytes: bytes[12...])
    }

    /// What an address is for if it is not for a single host of a network.
    enum Purpose: String, CaseIterable {
        case unspecified = "the unspecified address"
        case loopback = "a loopback address"
        case linkLocal = "a link-local address"
        case multicast = "a multicast address"
        case broadcast = "the broadcast address"
    }

    /// The purpose of an address that services can't have, or nil for other addresses. The API server refuses such
    /// external IPs.
    var purpose: Purpose? { Self.purposes.first { $0.value.contains { $0.contains(self) } }?.key }

    private static let purposes: KeyValuePairs<Purpose, [Block]> = [
        .unspecified: ["0.0.0.0/32", "::/128"].compactMap(Block.init(_:)),
        .loopback: ["127.0.0.0/8", "::1/128"].compactMap(Block.init(_:)),
        .linkLocal: ["169.254.0.0/16", "fe80::/10"].compactMap(Block.init(_:)),
        .multicast: ["224.0.0.0/4", "ff00::/8"].compactMap(Block.init(_:)),
        .broadcast: ["255.255.255.255/32"].compactMap(Block.init(_:)),
    ]
}
