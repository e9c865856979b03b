import IPVS

extension IPAddress {
    /// Reads an address that an API server has stored.
    ///
    /// As in kube-proxy, numbers can have leading zeros, which older servers accepted, and are decimal nevertheless.
    init?(stored text: String) {
        // All but a few addresses are in the usual form, and slices have thousands of them.
        guard let address = Self(text) ?? Self(Self.withoutLeadingZeros(text)) else { return nil }
        self = address
    }

    /// The text without zeros before a digit of the same number.
    private static func withoutLeadingZeros(_ text: String) -> String {
        var kept: [UInt8] = []
        var isStart = true
        let bytes = Array(text.utf8)
        for (index, byte) in bytes.enumerated() {
            if isStart, byte == UInt8(ascii: "0"), index + 1 < bytes.count, isDigit(bytes[index + 1]) { continue }
            isStart = byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":")
            kept.append(byte)
        }
        return String(decoding: kept, as: UTF8.self)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    /// The IPv4 address that this IPv6 address stands for, as in `::ffff:10.96.0.1`; nil if it is another one.
    ///
    /// No packet has such an address.
    var mappedIPv4: IPAddress? {
        guard family == .ipv6, high == 0, low >> 32 == 0xffff else { return nil }
        return IPAddress(ipv4: UInt32(truncatingIfNeeded: low))
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
        if isUnspecified { return .unspecified }
        if isMulticast { return .multicast }
        if isLimitedBroadcast { return .broadcast }
        switch family {
        case .ipv4: return high >> 56 == 127 ? .loopback : high >> 48 == 0xa9fe ? .linkLocal : nil
        case .ipv6: return high == 0 && low == 1 ? .loopback : high >> 54 == 0xfe80 >> 6 ? .linkLocal : nil
        }
    }
}
