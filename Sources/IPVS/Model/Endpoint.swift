/// An address and a port, of a virtual server or a real server.
///
/// The text form is `10.0.0.1:80` or `[fd00::1]:443`. `Codable` uses it too.
public struct Endpoint: Hashable, Sendable {
    /// The address.
    public var address: IPAddress

    /// The port. A virtual server with port 0 accepts connections to all ports. The kernel accepts this value for any
    /// virtual server, but it only works with persistence.
    public var port: UInt16

    /// An endpoint with an address and a port.
    public init(_ address: IPAddress, _ port: UInt16) {
        self.address = address
        self.port = port
    }
}

extension Endpoint: LosslessStringConvertible {
    /// Parses `10.0.0.1:80` or `[fd00::1]:443`. Returns nil for anything else.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(plain: text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        let bracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if bracketed { host = host.dropFirst().dropLast() }
        guard let address = IPAddress(String(host)), bracketed == (address.family == .ipv6) else { return nil }
        self.init(address, port)
    }

    /// The text form: `10.0.0.1:80` or `[fd00::1]:443`.
    public var description: String {
        switch address.family {
        case .ipv4: "\(address):\(port)"
        case .ipv6: "[\(address)]:\(port)"
        }
    }
}

extension Endpoint: Comparable {
    /// Orders by address, then by port.
    public static func < (left: Endpoint, right: Endpoint) -> Bool {
        (left.address, left.port) < (right.address, right.port)
    }
}

extension Endpoint: Codable {
    /// Decodes the endpoint from its text form.
    public init(from decoder: any Decoder) throws { self = try decoder.decodeText() }

    /// Encodes the endpoint as its text form.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeText(self) }
}

extension FixedWidthInteger {
    /// Parses a decimal number without a sign or leading zeros, so that each number has only one form.
    init?(plain text: some StringProtocol) {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            text == "0" || !text.hasPrefix("0")
        else { return nil }
        self.init(text, radix: 10)
    }
}
