/// An address and a port: where a virtual server listens, or a real server is reached.
///
/// Its text is `10.0.0.1:80` or `[fd00::1]:443`, which is also the form it is coded in.
public struct Endpoint: Hashable, Sendable {
    /// The address.
    public var address: IPAddress

    /// The port. A virtual server with port 0 takes every port; the kernel accepts that, but it only works for a
    /// persistent one.
    public var port: UInt16

    /// An endpoint of an address and a port.
    public init(_ address: IPAddress, _ port: UInt16) {
        self.address = address
        self.port = port
    }
}

extension Endpoint: LosslessStringConvertible {
    /// Reads `10.0.0.1:80` or `[fd00::1]:443`; nil for anything else.
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

    /// The endpoint as text: `10.0.0.1:80` or `[fd00::1]:443`.
    public var description: String {
        switch address.family {
        case .ipv4: "\(address):\(port)"
        case .ipv6: "[\(address)]:\(port)"
        }
    }
}

extension Endpoint: Comparable {
    /// By address, then by port.
    public static func < (left: Endpoint, right: Endpoint) -> Bool {
        (left.address, left.port) < (right.address, right.port)
    }
}

extension Endpoint: Codable {
    /// Decodes the endpoint from its text.
    public init(from decoder: any Decoder) throws { self = try decoder.decodeText() }

    /// Encodes the endpoint as its text.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeText(self) }
}

extension FixedWidthInteger {
    /// A number in plain decimal digits: no sign, no leading zero, so that each number has one form.
    init?(plain text: some StringProtocol) {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            text == "0" || !text.hasPrefix("0")
        else { return nil }
        self.init(text, radix: 10)
    }
}
