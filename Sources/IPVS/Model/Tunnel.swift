/// The encapsulation of packets that are tunneled to a real server.
///
/// Use ``ipip``, ``gue(port:checksum:)`` or ``gre(checksum:)``, each of which has only the settings that apply to it.
/// Linux before 5.2 supports only IP in IP, and ignores other settings without an error.
public struct Tunnel: Hashable, Sendable {
    /// The kind of encapsulation. The corresponding C constant is `IPVS_DEST_ATTR_TUN_TYPE`.
    public let kind: Kind

    /// The UDP destination port of GUE; 0 for other kinds. The corresponding C constant is `IPVS_DEST_ATTR_TUN_PORT`.
    public let port: UInt16

    /// The checksum of the outer header. The corresponding C constant is `IPVS_DEST_ATTR_TUN_FLAGS`.
    public let checksum: Checksum

    init(kind: Kind, port: UInt16, checksum: Checksum) {
        self.kind = kind
        self.port = port
        self.checksum = checksum
    }

    /// IP in IP.
    public static let ipip = Tunnel(kind: .ipip, port: 0, checksum: .none)

    /// Generic UDP Encapsulation to a port, which must not be 0.
    public static func gue(port: UInt16, checksum: Checksum = .none) -> Tunnel {
        Tunnel(kind: .gue, port: port, checksum: checksum)
    }

    /// Generic Routing Encapsulation, with or without a checksum.
    public static func gre(checksum: Bool = false) -> Tunnel {
        Tunnel(kind: .gre, port: 0, checksum: checksum ? .full : .none)
    }
}

extension Tunnel {
    /// The same tunnel without settings that don't apply to its kind, which the kernel stores but doesn't use.
    var meaningful: Tunnel {
        switch kind {
        case .ipip: .ipip
        case .gre: .gre(checksum: checksum.rawValue & Checksum.full.rawValue != 0)
        default: self
        }
    }

    /// The kind of encapsulation of a tunnel.
    public struct Kind: RawRepresentable, Hashable, Sendable {
        /// The kernel's number for the kind.
        public let rawValue: UInt8

        /// A kind with a number.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// IP in IP. The corresponding C constant is `IP_VS_CONN_F_TUNNEL_TYPE_IPIP`.
        public static let ipip = Kind(rawValue: 0)

        /// Generic UDP Encapsulation. The corresponding C constant is `IP_VS_CONN_F_TUNNEL_TYPE_GUE`.
        public static let gue = Kind(rawValue: 1)

        /// Generic Routing Encapsulation. The corresponding C constant is `IP_VS_CONN_F_TUNNEL_TYPE_GRE`.
        public static let gre = Kind(rawValue: 2)
    }

    /// The checksum of a tunnel's outer header.
    public struct Checksum: RawRepresentable, Hashable, Sendable {
        /// The kernel's flags.
        public let rawValue: UInt16

        /// A checksum with flags.
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        /// No checksum. The corresponding C constant is `IP_VS_TUNNEL_ENCAP_FLAG_NOCSUM`.
        public static let none = Checksum(rawValue: 0)

        /// A checksum of the packet. The corresponding C constant is `IP_VS_TUNNEL_ENCAP_FLAG_CSUM`.
        public static let full = Checksum(rawValue: 1)

        /// A remote checksum of GUE, which leaves the inner checksum to the receiver.
        /// The corresponding C constant is `IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM`.
        public static let remote = Checksum(rawValue: 2)
    }
}

// Kinds and checksums of newer kernels, which have no name here, are shown and coded as numbers.

extension Tunnel.Kind: LosslessStringConvertible {
    private static let names: [(name: String, value: Self)] = [("ipip", .ipip), ("gue", .gue), ("gre", .gre)]

    /// Parses `ipip`, `gue`, `gre` or a number.
    public init?(_ text: String) {
        let known = Self.names.first { $0.name == text }?.value
        guard let value = known ?? UInt8(plain: text).map(Self.init(rawValue:)) else { return nil }
        self = value
    }

    /// `ipip`, `gue`, `gre`, or the number of another kind.
    public var description: String { Self.names.first { $0.value == self }?.name ?? String(rawValue) }
}

extension Tunnel.Checksum: LosslessStringConvertible {
    private static let names: [(name: String, value: Self)] = [("none", .none), ("full", .full), ("remote", .remote)]

    /// Parses `none`, `full`, `remote` or a number.
    public init?(_ text: String) {
        let known = Self.names.first { $0.name == text }?.value
        guard let value = known ?? UInt16(plain: text).map(Self.init(rawValue:)) else { return nil }
        self = value
    }

    /// `none`, `full`, `remote`, or the number of another combination.
    public var description: String { Self.names.first { $0.value == self }?.name ?? String(rawValue) }
}

extension Tunnel: CustomStringConvertible {
    /// The tunnel in words: `ipip`, `gue port 6080 checksum full`.
    public var description: String {
        var text = kind.description
        if port != 0 { text += " port \(port)" }
        if checksum != .none { text += " checksum \(checksum)" }
        return text
    }
}

extension Tunnel: Codable {
    enum CodingKeys: CodingKey { case kind, port, checksum }

    /// Decodes a tunnel. Only `kind` is required. A setting that doesn't apply to the kind is an error.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            kind: try container.decode(Kind.self, forKey: .kind),
            port: try container.decodeIfPresent(UInt16.self, forKey: .port) ?? 0,
            checksum: try container.decodeIfPresent(Checksum.self, forKey: .checksum) ?? .none
        )
        guard self == meaningful else {
            throw DecodingError.dataCorruptedError(
                forKey: .kind,
                in: container,
                debugDescription: "a tunnel of kind \(kind) has no such port or checksum"
            )
        }
    }

    /// Encodes `kind`, and `port` and `checksum` if they are set.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
        if port != 0 { try container.encode(port, forKey: .port) }
        if checksum != .none { try container.encode(checksum, forKey: .checksum) }
    }
}

extension Tunnel.Kind: Codable {
    /// Decodes the kind from its text form.
    public init(from decoder: any Decoder) throws { self = try decoder.decodeText() }

    /// Encodes the kind as its text form.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeText(self) }
}

extension Tunnel.Checksum: Codable {
    /// Decodes the checksum from its text form.
    public init(from decoder: any Decoder) throws { self = try decoder.decodeText() }

    /// Encodes the checksum as its text form.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeText(self) }
}
