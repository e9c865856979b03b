import IPVS

extension IPAddress {
    /// Reads an address that an API server has stored.
    ///
    /// As in kube-proxy, numbers can have leading zeros, which older servers accepted and which are decimal nevertheless, and an
    /// IPv6 address that stands for an IPv4 address is that one.
    init?(stored text: String) {
        guard let address = Self(text) ?? Self(Self.withoutLeadingZeros(text)) else { return nil }
        let bytes = address.family == .ipv6 ? address.bytes : []
        if bytes.count == 16, bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xff, bytes[11] == 0xff,
            let ipv4 = IPAddress(bytes: bytes[12...])
        {
            self = ipv4
        } else {
            self = address
        }
    }

    private static func withoutLeadingZeros(_ text: String) -> String {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return text }
        return parts.map { part in
            let digits = part.drop { $0 == "0" }
            return digits.isEmpty ? String(part.suffix(1)) : String(digits)
        }
        .joined(separator: ".")
    }

    /// What an address is for if it is not for a single host of a network.
    enum Purpose: String {
        case unspecified = "the unspecified address"
        case loopback = "a loopback address"
        case linkLocal = "a link-local address"
        case multicast = "a multicast address"
        case broadcast = "the broadcast address"
    }

    /// The purpose of an address that services can't have; nil for other addresses.
    var purpose: Purpose? {
        let bytes = bytes
        if family == .ipv4 {
            switch (bytes[0], bytes[1]) {
            case (127, _): return .loopback
            case (169, 254): return .linkLocal
            case (224..<240, _): return .multicast
            default:
                return bytes.allSatisfy { $0 == 0 } ? .unspecified : bytes.allSatisfy { $0 == 255 } ? .broadcast : nil
            }
        }
        if bytes[0] == 0xff { return .multicast }
        if bytes[0] == 0xfe, bytes[1] & 0xc0 == 0x80 { return .linkLocal }
        guard bytes.prefix(15).allSatisfy({ $0 == 0 }) else { return nil }
        return bytes[15] == 0 ? .unspecified : bytes[15] == 1 ? .loopback : nil
    }
}
