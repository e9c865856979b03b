import VisibleText

extension VirtualServer {
    /// The flags of a virtual server that callers can set.
    ///
    /// The flags for persistence, and for being in the kernel's hash table, are not among them. Their bits are removed
    /// from raw values. The corresponding C constants begin with `IP_VS_SVC_F_`.
    ///
    /// Flags are coded as a list of the names that `ipvsadm` uses: `["ops", "flag-1"]`.
    public struct Flags: OptionSet, Hashable, Sendable {
        /// The kernel's bits of the flags.
        public let rawValue: UInt32

        /// Flags with these bits, without those that callers can't set.
        public init(rawValue: UInt32) { self.rawValue = rawValue & ~Self.reserved }

        /// `ops`: schedules each packet individually, without connections; for UDP.
        /// The corresponding C constant is `IP_VS_SVC_F_ONEPACKET`.
        public static let onePacket = Flags(rawValue: 0x04)

        /// `flag-1`: the scheduler's first flag. The corresponding C constant is `IP_VS_SVC_F_SCHED1`.
        public static let scheduler1 = Flags(rawValue: 0x08)

        /// `flag-2`: the scheduler's second flag. The corresponding C constant is `IP_VS_SVC_F_SCHED2`.
        public static let scheduler2 = Flags(rawValue: 0x10)

        /// `flag-3`: the scheduler's third flag. The corresponding C constant is `IP_VS_SVC_F_SCHED3`.
        public static let scheduler3 = Flags(rawValue: 0x20)

        /// `sh-fallback`: source hashing uses another real server if the selected one is unavailable.
        /// The corresponding C constant is `IP_VS_SVC_F_SCHED_SH_FALLBACK`.
        public static let shFallback = scheduler1

        /// `sh-port`: source hashing adds the source port to the hash.
        /// The corresponding C constant is `IP_VS_SVC_F_SCHED_SH_PORT`.
        public static let shPort = scheduler2

        /// `mh-fallback`: Maglev hashing uses another real server if the selected one is unavailable.
        /// The corresponding C constant is `IP_VS_SVC_F_SCHED_MH_FALLBACK`.
        public static let mhFallback = scheduler1

        /// `mh-port`: Maglev hashing adds the source port to the hash.
        /// The corresponding C constant is `IP_VS_SVC_F_SCHED_MH_PORT`.
        public static let mhPort = scheduler2

        // IP_VS_SVC_F_PERSISTENT follows from `persistence`; IP_VS_SVC_F_HASHED is the kernel's.
        static let persistentBit: UInt32 = 0x01
        static let hashedBit: UInt32 = 0x02
        private static let reserved = persistentBit | hashedBit
    }
}

extension VirtualServer.Flags {
    private static let generic: [(name: String, flag: Self)] = [
        ("ops", .onePacket), ("flag-1", .scheduler1), ("flag-2", .scheduler2), ("flag-3", .scheduler3),
    ]
    private static let aliases: [(name: String, flag: Self)] = [
        ("sh-fallback", .shFallback), ("sh-port", .shPort), ("mh-fallback", .mhFallback), ("mh-port", .mhPort),
    ]

    /// The names of the flags. Bits without a name are shown as a number, such as `0x40`.
    var names: [String] {
        let known = Self.generic.filter { contains($0.flag) }
        let rest = known.reduce(rawValue) { $0 & ~$1.flag.rawValue }
        return known.map(\.name) + (rest == 0 ? [] : ["0x" + String(rest, radix: 16)])
    }

    /// The flags for a name in ``names``, or for a scheduler's own name of its flags.
    init?(name: String) {
        if let known = (Self.generic + Self.aliases).first(where: { $0.name == name }) {
            self = known.flag
        } else if name.hasPrefix("0x"), name.dropFirst(2).allSatisfy(\.isHexDigit),
            let bits = UInt32(name.dropFirst(2), radix: 16)
        {
            self.init(rawValue: bits)
        } else {
            return nil
        }
    }
}

extension VirtualServer.Flags: CustomStringConvertible {
    /// The names of the flags, joined by commas.
    public var description: String { names.joined(separator: ",") }
}

extension VirtualServer.Flags: Codable {
    /// Decodes the flags from a list of names. A scheduler's own names, such as `sh-port`, are accepted too.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        self = try container.decode([String].self).reduce(into: []) { flags, name in
            guard let flag = Self(name: name) else {
                throw DecodingError.dataCorruptedError(
                    in: container,
                    debugDescription: "\(name.quoted) is not a flag of a virtual server"
                )
            }
            flags.formUnion(flag)
        }
    }

    /// Encodes the flags as a list of their names.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(names)
    }
}
