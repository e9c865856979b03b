extension IPAddress {
    /// A block of addresses with a common prefix, such as the service addresses of a cluster.
    ///
    /// The text form is CIDR notation: `10.96.0.0/16` or `fd00::/8`. `Codable` uses it too.
    ///
    ///     let ours = IPAddress.Block("10.96.0.0/16")
    ///     ours?.contains(IPAddress(10, 96, 0, 1))  // true
    public struct Block: Hashable, Sendable {
        /// The first address of the block.
        public let first: IPAddress

        /// The length of the common prefix in bits: 0 to 32 for IPv4, 0 to 128 for IPv6.
        public let prefixLength: UInt8

        /// The block with a prefix length that contains an address. Returns nil if the length is invalid for the
        /// family.
        public init?(containing address: IPAddress, prefixLength: UInt8) {
            guard prefixLength <= address.family.bitCount else { return nil }
            let mask = Self.mask(prefixLength)
            first = IPAddress(family: address.family, high: address.high & mask.high, low: address.low & mask.low)
            self.prefixLength = prefixLength
        }

        /// A block with a single address.
        public init(_ address: IPAddress) {
            first = address
            prefixLength = address.family.bitCount
        }

        /// Whether an address is in the block. An address of the other family never is.
        public func contains(_ address: IPAddress) -> Bool {
            let mask = Self.mask(prefixLength)
            return address.family == first.family && address.high & mask.high == first.high
                && address.low & mask.low == first.low
        }

        /// The bits of the prefix. Those of IPv4 are in the upper half too.
        private static func mask(_ length: UInt8) -> (high: UInt64, low: UInt64) {
            // A shift by 64 bits results in 0.
            (.max << (64 - min(UInt64(length), 64)), .max << (64 - (max(UInt64(length), 64) - 64)))
        }
    }
}

extension IPAddress.Family {
    /// The number of bits of an address.
    fileprivate var bitCount: UInt8 { self == .ipv4 ? 32 : 128 }
}

extension IPAddress.Block: LosslessStringConvertible {
    /// Parses `10.96.0.0/16` or `fd00::/8`. Returns nil for anything else, and if the address is not the first of the
    /// block, as in `10.96.0.1/16`.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(String(parts[0])), let length = UInt8(plain: parts[1]) else {
            return nil
        }
        self.init(containing: address, prefixLength: length)
        guard first == address else { return nil }
    }

    /// The text form: `10.96.0.0/16`.
    public var description: String { "\(first)/\(prefixLength)" }
}

extension IPAddress.Block: Comparable {
    /// Orders by the first address. If it is the same, the larger block comes first.
    public static func < (left: Self, right: Self) -> Bool {
        (left.first, left.prefixLength) < (right.first, right.prefixLength)
    }
}

extension IPAddress.Block: Codable {
    /// Decodes the block from its text form.
    public init(from decoder: any Decoder) throws { self = try decoder.decodeText() }

    /// Encodes the block as its text form.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeText(self) }
}

extension [IPAddress.Block] {
    /// Whether an address is in one of the blocks.
    package func cover(_ address: IPAddress) -> Bool { contains { $0.contains(address) } }
}
