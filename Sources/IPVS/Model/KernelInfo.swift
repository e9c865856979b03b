/// What a kernel's IPVS says of itself.
public struct KernelInfo: Hashable, Sendable, Codable {
    /// The version of IPVS, which is not the kernel's: 1.2.1 for many years now.
    public var version: Version

    /// How many buckets the hash table of connections has.
    public var connectionTableSize: UInt32

    /// A version of IPVS. Its text, which is also the form it is coded in, is `1.2.1`.
    public struct Version: Hashable, Sendable {
        /// The first number.
        public var major: UInt8
        /// The second number.
        public var minor: UInt8
        /// The third number.
        public var patch: UInt8

        /// A version from its three numbers.
        public init(_ major: UInt8, _ minor: UInt8, _ patch: UInt8) {
            self.major = major
            self.minor = minor
            self.patch = patch
        }

        /// A version as the kernel packs it: 0x010201 is 1.2.1.
        init(packed: UInt32) {
            self.init(
                UInt8(truncatingIfNeeded: packed >> 16),
                UInt8(truncatingIfNeeded: packed >> 8),
                UInt8(truncatingIfNeeded: packed)
            )
        }
    }
}

extension KernelInfo.Version: Comparable {
    /// By the first number that differs.
    public static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }
}

extension KernelInfo.Version: LosslessStringConvertible {
    /// Reads three numbers with dots between them.
    public init?(_ text: String) {
        let numbers = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8(plain: $0) }
        guard numbers.count == 3, let major = numbers[0], let minor = numbers[1], let patch = numbers[2] else {
            return nil
        }
        self.init(major, minor, patch)
    }

    /// The version as text: `1.2.1`.
    public var description: String { "\(major).\(minor).\(patch)" }
}

extension KernelInfo.Version: Codable {
    /// Decodes the version from its text.
    public init(from decoder: any Decoder) throws { self = try decoder.decodeText() }

    /// Encodes the version as its text.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeText(self) }
}
