/// Keeps the connections of one client on one real server.
public struct Persistence: Hashable, Sendable {
    /// How long, in seconds, a client is remembered after its last connection: up to ``maximumTimeout``.
    public var timeout: UInt32

    /// Which clients count as one: by default each address is a client of its own.
    public var mask: Mask?

    /// The longest timeout: 31 days, in seconds. The kernel counts in ticks of its clock, and a few weeks more can
    /// overflow that count without an error.
    public static let maximumTimeout: UInt32 = 31 * 86_400

    /// Persistence with a timeout in seconds; the default of six minutes is that of ipvsadm.
    public init(timeout: UInt32 = 360, mask: Mask? = nil) {
        self.timeout = timeout
        self.mask = mask
    }
}

extension Persistence {
    /// Groups clients by the network that they are in.
    ///
    /// Its text, which is also the form it is coded in, is a netmask such as `255.255.255.0` for an IPv4 virtual
    /// server, and a prefix length such as `64` for an IPv6 one.
    public struct Mask: Hashable, Sendable {
        enum Bits: Hashable, Sendable {
            case netmask(UInt32)
            case prefixLength(UInt32)
        }

        let bits: Bits

        /// A netmask for an IPv4 virtual server: `.netmask(255, 255, 255, 0)`. Nil, which is no grouping at all, for
        /// 255.255.255.255.
        public static func netmask(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) -> Mask? {
            Mask(netmask: UInt32(IPAddress(a, b, c, d).high >> 32))
        }

        /// A prefix length, 1 to 128, for an IPv6 virtual server: `.prefixLength(64)`. Nil, which is no grouping at
        /// all, for 128.
        public static func prefixLength(_ length: UInt8) -> Mask? { Mask(prefixLength: UInt32(length)) }

        // A mask that separates all addresses is nil, never a value, so that equal behaviour means equal values.

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
    /// Reads a netmask such as `255.255.255.0`, or a prefix length such as `64`; nil for anything else, and for
    /// `255.255.255.255` and `128`, which group nothing.
    public init?(_ text: String) {
        if let address = IPAddress(text), address.family == .ipv4 {
            self.init(netmask: UInt32(address.high >> 32))
        } else if let length = UInt32(plain: text) {
            self.init(prefixLength: length)
        } else {
            return nil
        }
    }

    /// The netmask in dotted form, or the prefix length.
    public var description: String {
        switch bits {
        case .netmask(let netmask): IPAddress(ipv4: netmask).description
        case .prefixLength(let length): String(length)
        }
    }
}

extension Persistence.Mask: Codable {
    /// Decodes the mask from its text.
    public init(from decoder: any Decoder) throws { self = try decoder.decodeText() }

    /// Encodes the mask as its text.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeText(self) }
}

extension Persistence: Codable {
    enum CodingKeys: CodingKey { case timeout, mask }

    /// Decodes persistence; what is absent has the defaults of the initializer. A mask that groups nothing, such as
    /// `255.255.255.255`, is the same as none.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let mask = try container.decodeIfPresent(String.self, forKey: .mask)
        self.init(
            timeout: try container.decodeIfPresent(UInt32.self, forKey: .timeout) ?? 360,
            mask: mask == "255.255.255.255" || mask == "128"
                ? nil : try container.decodeIfPresent(Mask.self, forKey: .mask)
        )
    }

    /// Encodes `timeout`, and `mask` where there is one.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(timeout, forKey: .timeout)
        try container.encodeIfPresent(mask, forKey: .mask)
    }
}

extension Persistence: CustomStringConvertible {
    /// The persistence in the manner of ipvsadm: `persistent 300 mask 255.255.255.0`.
    public var description: String {
        "persistent \(timeout)" + (mask.map { " mask \($0)" } ?? "")
    }
}

/// Looks into the packets of a virtual server, by the kernel's name for it: see ``VirtualServer/persistenceEngine``.
public struct PersistenceEngine: RawRepresentable, Hashable, Sendable, Codable {
    /// The kernel's name of the engine: 1 to 16 bytes.
    public let rawValue: String

    /// The engine that the kernel knows by a name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// `sip`: for the Session Initiation Protocol over UDP, whose clients it tells apart by the Call-ID.
    public static let sip = PersistenceEngine(rawValue: "sip")

    // The kernel checks names against IP_VS_PENAME_MAXLEN, which here leaves the closing NUL out.
    static let maximumNameLength = 16
}

extension PersistenceEngine: CustomStringConvertible {
    /// The kernel's name of the engine.
    public var description: String { rawValue }
}
