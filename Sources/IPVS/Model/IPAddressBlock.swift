extension IPAddress {
    /// A block of addresses that have their first bits in common, such as the addresses that a cluster gives to its
    /// virtual servers.
    ///
    /// Its text is that of CIDR, `10.96.0.0/16` or `fd00::/8`, which is also the form it is coded in.
    ///
    ///     let ours = IPAddress.Block("10.96.0.0/16")
    ///     ours?.contains(IPAddress(10, 96, 0, 1))  // true
    public struct Block: Hashable, Sendable {
        /// The lowest address of the block.
        public let first: IPAddress

        /// How many bits its addresses have in common: 0 to 32 for IPv4, 0 to 128 for IPv6.
        public let prefixLength: UInt8

        /// The block of all addresses that have their first bits in common with an address; nil if the address has not
        /// so many.
        public init?(containing address: IPAddress, prefixLength: UInt8) {
            guard prefixLength <= address.family.bitCount else { return nil }
            let mask = Self.mask(prefixLength)
            first = IPAddress(family: address.family, high: address.high & mask.high, low: address.low & mask.low)
            self.prefixLength = prefixLength
        }

        /// The block of a single address.
        public init(_ address: IPAddress) {
            first = address
            prefixLength = address.family.bitCount
        }

        /// Whether an address is in the block; one of the other family never is.
        public func contains(_ address: IPAddress) -> Bool {
            let mask = Self.mask(prefixLength)
            return address.family == first.family && address.high & mask.high == first.high
                && address.low & mask.low == first.low
        }

        /// The common bits, where an address has them: those of IPv4 are in the upper half too.
        private static func mask(_ length: UInt8) -> (high: UInt64, low: UInt64) {
            // A shift by all 64 bits leaves 0.
            (.max << (64 - min(UInt64(length), 64)), .max << (64 - (max(UInt64(length), 64) - 64)))
        }
    }
}

extension IPAddress.Family {
    /// How many bits an address has.
    fileprivate var bitCount: UInt8 { self == .ipv4 ? 32 : 128 }
}

extension IPAddress.Block: LosslessStringConvertible {
    /// Reads `10.96.0.0/16` or `fd00::/8`; nil for anything else, and for an address that is not the first of the block,
    /// as in `10.96.0.1/16`.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(String(parts[0])), let length = UInt8(plain: parts[1]) else {
            return nil
        }
        self.init(containing: address, prefixLength: length)
        guard first == address else { return nil }
    }

    /// The block as text: `10.96.0.0/16`.
    public var description: String { "\(first)/\(prefixLength)" }
}

extension IPAddress.Block: Comparable {
    /// By the first address; of two with the same one, the larger block first.
    public static func < (left: Self, right: Self) -> Bool {
        (left.first, left.prefixLength) < (right.first, right.prefixLength)
    }
}

extension IPAddress.Block: Codable {
    /// Decodes the block from its text.
    public init(from decoder: any Decoder) throws { self = try decoder.decodeText() }

    /// Encodes the block as its text.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeText(self) }
}

extension [IPAddress.Block] {
    /// Whether an address is in one of them.
    package func cover(_ address: IPAddress) -> Bool { contains { $0.contains(address) } }
}
