import Netlink

/// An IPv4 or IPv6 address.
///
/// The family is part of the value and is never inferred from the bytes: `::ffff:10.0.0.1` and `2001:db8::` are IPv6.
/// The text form is that of RFC 5952. `Codable` uses it too.
///
///     IPAddress(10, 96, 0, 1)
///     IPAddress("2001:db8::1")
public struct IPAddress: Hashable, Sendable {
    /// An address family.
    public enum Family: UInt16, Hashable, Sendable {
        /// Internet Protocol version 4. The corresponding C constant is `AF_INET`.
        case ipv4 = 2
        /// Internet Protocol version 6. The corresponding C constant is `AF_INET6`.
        case ipv6 = 10
    }

    /// The address family.
    public let family: Family

    // The address as a 128-bit number. An IPv4 address is in the upper 32 bits, as in the kernel's attributes.
    package let high: UInt64
    package let low: UInt64

    init(family: Family, high: UInt64, low: UInt64) {
        self.family = family
        self.high = high
        self.low = low
    }

    /// An IPv4 address with four bytes: `IPAddress(192, 0, 2, 1)`.
    public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
        self.init(ipv4: UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d))
    }

    /// An IPv4 address as a number in host byte order: 0x7f000001 is 127.0.0.1.
    public init(ipv4 number: UInt32) {
        self.init(family: .ipv4, high: UInt64(number) << 32, low: 0)
    }

    /// An address with bytes in network byte order: 4 for IPv4 and 16 for IPv6. Returns nil for other numbers of bytes.
    public init?(bytes: some Collection<UInt8>) {
        var words: (UInt64, UInt64) = (0, 0)
        for byte in bytes.prefix(8) { words.0 = words.0 << 8 | UInt64(byte) }
        for byte in bytes.dropFirst(8).prefix(8) { words.1 = words.1 << 8 | UInt64(byte) }
        switch bytes.count {
        case 4: self.init(family: .ipv4, high: words.0 << 32, low: 0)
        case 16: self.init(family: .ipv6, high: words.0, low: words.1)
        default: return nil
        }
    }

    /// The bytes of the address in network byte order: 4 or 16.
    public var bytes: [UInt8] {
        (0..<byteCount).map { index in
            UInt8(truncatingIfNeeded: (index < 8 ? high : low) >> UInt64(56 - index % 8 * 8))
        }
    }

    private var byteCount: Int { family == .ipv4 ? 4 : 16 }

    package var isUnspecified: Bool { high == 0 && low == 0 }

    package var isMulticast: Bool {
        switch family {
        case .ipv4: high >> 60 == 0xe
        case .ipv6: high >> 56 == 0xff
        }
    }

    package var isLimitedBroadcast: Bool { family == .ipv4 && high >> 32 == 0xffff_ffff }
}

extension IPAddress: LosslessStringConvertible {
    /// Parses an address such as `10.0.0.1` or `fd00::1`. Returns nil for anything else, including names, ports, zones,
    /// and octal or shortened IPv4 addresses.
    public init?(_ text: String) {
        // The C library would stop at a NUL and ignore the rest.
        guard !text.utf8.contains(0) else { return nil }
        let family: Family = text.utf8.contains(UInt8(ascii: ":")) ? .ipv6 : .ipv4
        var words: (UInt64, UInt64) = (0, 0)
        guard unsafe inet_pton(Int32(family.rawValue), text, &words) == 1 else { return nil }
        self.init(family: family, high: UInt64(bigEndian: words.0), low: UInt64(bigEndian: words.1))
    }

    /// The text form of RFC 5952.
    public var description: String {
        // The C library formats ::1:2 as ::0.1.0.2, the notation for a deprecated kind of address.
        if family == .ipv6, high == 0, (0x1_0000...0xffff_ffff).contains(low) {
            return "::\(String(low >> 16, radix: 16)):\(String(low & 0xffff, radix: 16))"
        }
        var words = (high.bigEndian, low.bigEndian)
        let capacity = Int(INET6_ADDRSTRLEN)
        return unsafe String(unsafeUninitializedCapacity: capacity) { buffer in
            let text = unsafe buffer.withMemoryRebound(to: CChar.self) { chars in
                unsafe inet_ntop(Int32(family.rawValue), &words, chars.baseAddress, socklen_t(capacity))
            }
            return unsafe text.map { unsafe strlen($0) } ?? 0
        }
    }
}

extension IPAddress: Comparable {
    /// Orders IPv4 before IPv6, then by number.
    public static func < (left: IPAddress, right: IPAddress) -> Bool {
        (left.family.rawValue, left.high, left.low) < (right.family.rawValue, right.high, right.low)
    }
}

extension IPAddress: Codable {
    /// Decodes the address from its text form.
    public init(from decoder: any Decoder) throws { self = try decoder.decodeText() }

    /// Encodes the address as its text form.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeText(self) }
}

extension IPAddress.Family: LosslessStringConvertible {
    /// Parses `IPv4` or `IPv6`, ignoring case.
    public init?(_ text: String) {
        guard let family = [Self.ipv4, .ipv6].first(where: { $0.description.equalsIgnoringCase(text) }) else {
            return nil
        }
        self = family
    }

    /// `IPv4` or `IPv6`.
    public var description: String { self == .ipv4 ? "IPv4" : "IPv6" }
}

extension IPAddress.Family: Codable {
    /// Decodes the family from its text form.
    public init(from decoder: any Decoder) throws { self = try decoder.decodeText() }

    /// Encodes the family as its text form.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeText(self) }
}
