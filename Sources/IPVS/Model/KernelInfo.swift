/// The version of the kernel's IPVS and the size of its connection table (`IPVS_CMD_GET_INFO`).
public struct KernelInfo: Hashable, Sendable, Codable {
    /// The version of IPVS, which is not that of the kernel. It has been 1.2.1 for many years.
    public var version: Version

    /// The number of buckets of the connection hash table.
    ///
    /// Before Linux 7, all namespaces share one table, whose size is a parameter of the module (`conn_tab_bits`). Since Linux 7,
    /// each namespace has its own, which grows and shrinks with its connections, and 0 is that of a namespace that has not
    /// needed one yet.
    public var connectionTableSize: UInt32

    /// A version of IPVS. The text form, which `Codable` uses too, is `1.2.1`.
    public struct Version: Hashable, Sendable {
        /// The major version number.
        public var major: UInt8
        /// The minor version number.
        public var minor: UInt8
        /// The patch version number.
        public var patch: UInt8

        /// A version with three numbers.
        public init(_ major: UInt8, _ minor: UInt8, _ patch: UInt8) {
            self.major = major
            self.minor = minor
            self.patch = patch
        }

        /// A version in the kernel's format: 0x010201 is 1.2.1.
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
    /// Orders by the first number that differs.
    public static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }
}

extension KernelInfo.Version: LosslessStringConvertible {
    /// Parses three numbers separated by dots.
    public init?(_ text: String) {
        let numbers = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8(plain: $0) }
        guard numbers.count == 3, let major = numbers[0], let minor = numbers[1], let patch = numbers[2] else {
            return nil
        }
        self.init(major, minor, patch)
    }

    /// The text form: `1.2.1`.
    public var description: String { "\(major).\(minor).\(patch)" }
}

extension KernelInfo.Version: Codable {
    /// Decodes the version from its text form.
    public init(from decoder: any Decoder) throws { self = try decoder.decodeText() }

    /// Encodes the version as its text form.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeText(self) }
}
