import VisibleText

/// How packets reach a real server.
///
/// A method is coded as its name: `masquerade`, `local`, `direct-routing`, `bypass`, or `tunnel` for IP in IP. Other
/// tunnels are coded as `{"tunnel": {"kind": "gue", "port": 6080, "checksum": "full"}}`, and methods of newer kernels as
/// their numbers.
public enum ForwardingMethod: Hashable, Sendable {
    /// Network address translation. Replies return through the balancer.
    /// The corresponding C constant is `IP_VS_CONN_F_MASQ`.
    case masquerade

    /// The real server is this host. The corresponding C constant is `IP_VS_CONN_F_LOCALNODE`.
    case local

    /// A tunnel to a host that replies to the client directly. The corresponding C constant is `IP_VS_CONN_F_TUNNEL`.
    case tunnel(Tunnel)

    /// Direct routing to a host on the same link, which replies to the client directly.
    /// The corresponding C constant is `IP_VS_CONN_F_DROUTE`.
    case directRouting

    /// Sends packets to their original destination instead of a real server, for transparent cache clusters.
    /// The corresponding C constant is `IP_VS_CONN_F_BYPASS`.
    case bypass

    /// A method of a newer kernel, by its number within `IP_VS_CONN_F_FWD_MASK`. A number that has a name above is not
    /// accepted here.
    case other(UInt32)
}

extension ForwardingMethod: CustomStringConvertible {
    /// The method in words: `masquerade`, `tunnel gue port 6080 checksum full`, or the number of another one.
    public var description: String {
        switch self {
        case .tunnel(let tunnel): "tunnel \(tunnel)"
        case .masquerade, .local, .directRouting, .bypass, .other: name
        }
    }

    private var name: String {
        switch self {
        case .masquerade: "masquerade"
        case .local: "local"
        case .tunnel: "tunnel"
        case .directRouting: "direct-routing"
        case .bypass: "bypass"
        case .other(let number): String(number)
        }
    }
}

extension ForwardingMethod: Codable {
    enum CodingKeys: CodingKey { case tunnel }

    /// Decodes a method from its name, or from an object that describes its tunnel.
    public init(from decoder: any Decoder) throws {
        // If it is not an object, it is a name, whose errors are reported below.
        if let container = try? decoder.container(keyedBy: CodingKeys.self) {
            self = .tunnel(try container.decode(Tunnel.self, forKey: .tunnel))
            return
        }
        let container = try decoder.singleValueContainer()
        let name = try container.decode(String.self)
        let named: [ForwardingMethod] = [.masquerade, .local, .tunnel(.ipip), .directRouting, .bypass]
        guard let method = named.first(where: { $0.name == name }) ?? UInt32(plain: name).map(Self.other) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "\(name.quoted) is not a forwarding method"
            )
        }
        self = method
    }

    /// Encodes a method as its name, or as an object that describes its tunnel.
    public func encode(to encoder: any Encoder) throws {
        if case .tunnel(let tunnel) = self, tunnel != .ipip {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(tunnel, forKey: .tunnel)
        } else {
            var container = encoder.singleValueContainer()
            try container.encode(name)
        }
    }
}
