/// Persistence: all connections of a client go to the same real server.
public struct Persistence: Hashable, Sendable {
    /// How long a client is remembered after its last connection, in seconds, up to ``maximumTimeout``.
    /// The corresponding C constant is `IPVS_SVC_ATTR_TIMEOUT`.
    public var timeout: UInt32

    /// Groups clients by network. If it is nil, each address is a client.
    /// The corresponding C constant is `IPVS_SVC_ATTR_NETMASK`.
    public var mask: Mask?

    /// The longest timeout: 31 days, in seconds. The kernel counts in ticks of its clock, and a few more weeks can
    /// overflow that count without an error.
    public static let maximumTimeout: UInt32 = 31 * 86_400

    /// Persistence with a timeout in seconds. The default of six minutes is that of `ipvsadm`.
    public init(timeout: UInt32 = 360, mask: Mask? = nil) {
        self.timeout = timeout
        self.mask = mask
    }
}

extension Persistence {
    /// A mask that groups clients by network.
    ///
    /// The text form, which `Codable` uses too, is a netmask such as `255.255.255.0` for an IPv4 virtual server, and a
    /// prefix length such as `64` for an IPv6 virtual server.
    public struct Mask: Hashable, Sendable {
        enum Bits: Hashable, Sendable {
            case netmask(UInt32)
            case prefixLength(UInt32)
        }

        let bits: Bits

        /// A netmask for an IPv4 virtual server: `.netmask(255, 255, 255, 0)`. Returns nil, which means no grouping,
        /// for 255.255.255.255.
        public static func netmask(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) -> Mask? {
            Mask(netmask: UInt32(IPAddress(a, b, c, d).high >> 32))
        }

        /// A prefix length, 1 to 128, for an IPv6 virtual server: `.prefixLength(64)`. Returns nil, which means no
        /// grouping, for 128.
        public static func prefixLength(_ length: UInt8) -> Mask? { Mask(prefixLength: UInt32(length)) }

        // A mask that groups nothing is always nil, so that equal behavior means equal values.

        init?(netmask: UInt32) {
            guard netmask != .max else { return nil }
            bits = .netmask(netmask)
        }

        init?(prefixLength: UInt32) {
            guard prefixLength != 128 else { return nil }
            bits = .prefixLength(prefixLength)
        }

        var family: IPAddress.Family {
            switch bits {
            case .netmask: .ipv4
            case .prefixLength: .ipv6
            }
        }
    }
}

extension Persistence.Mask: LosslessStringConvertible {
    /// Parses a netmask such as `255.255.255.0`, or a prefix length such as `64`. Returns nil for anything else, and
    /// for `255.255.255.255` and `128`, which group nothing.
    public init?(_ text: String) {
        if let address = IPAddress(text), address.family == .ipv4 {
            self.init(netmask: UInt32(address.high >> 32))
        } else if let length = UInt32(plain: text) {
            self.init(prefixLength: length)
        } else {
            return nil
        }
    }

    /// The netmask in dotted notation, or the prefix length.
    public var description: String {
        switch bits {
        case .netmask(let netmask): IPAddress(ipv4: netmask).description
        case .prefixLength(let length): String(length)
        }
    }
}

extension Persistence.Mask: Codable {
    /// Decodes the mask from its text form.
    public init(from decoder: any Decoder) throws { self = try decoder.decodeText() }

    /// Encodes the mask as its text form.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeText(self) }
}

extension Persistence: Codable {
    enum CodingKeys: CodingKey { case timeout, mask }

    /// Decodes persistence. Missing keys have the defaults of the initializer. A mask that groups nothing, such as
    /// `255.255.255.255`, is the same as no mask.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let mask = try container.decodeIfPresent(String.self, forKey: .mask)
        self.init(
            timeout: try container.decodeIfPresent(UInt32.self, forKey: .timeout) ?? 360,
            mask: mask == "255.255.255.255" || mask == "128"
                ? nil : try container.decodeIfPresent(Mask.self, forKey: .mask)
        )
    }

    /// Encodes `timeout`, and `mask` if there is one.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(timeout, forKey: .timeout)
        try container.encodeIfPresent(mask, forKey: .mask)
    }
}

extension Persistence: CustomStringConvertible {
    /// The persistence as `ipvsadm` lists it: `persistent 300 mask 255.255.255.0`.
    public var description: String {
        "persistent \(timeout)" + (mask.map { " mask \($0)" } ?? "")
    }
}

/// A persistence engine, which inspects the packets of a virtual server. See ``VirtualServer/persistenceEngine``.
public struct PersistenceEngine: RawRepresentable, Hashable, Sendable, Codable {
    /// The kernel's name of the engine: 1 to 16 bytes.
    public let rawValue: String

    /// An engine with a name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// `sip`: for the Session Initiation Protocol over UDP. It distinguishes clients by the Call-ID.
    public static let sip = PersistenceEngine(rawValue: "sip")

    // The kernel checks names against IP_VS_PENAME_MAXLEN, which here doesn't include the terminating NUL.
    static let maximumNameLength = 16
}

extension PersistenceEngine: CustomStringConvertible {
    /// The kernel's name of the engine.
    public var description: String { rawValue }
}
