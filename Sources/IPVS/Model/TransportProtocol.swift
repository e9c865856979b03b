/// The transport protocol of a virtual server, by its IP protocol number.
///
/// The kernel balances TCP, UDP and SCTP by connection; other numbers can be used with a firewall mark's packets or a
/// kernel that knows more. Its text is `TCP`, `UDP`, `SCTP` or the number, which is also the form it is coded in.
public struct TransportProtocol: RawRepresentable, Hashable, Sendable {
    /// The protocol number, as in IP's header.
    public let rawValue: UInt16

    /// The protocol with a number.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Transmission Control Protocol. The corresponding C constant is `IPPROTO_TCP`.
    public static let tcp = TransportProtocol(rawValue: 6)

    /// User Datagram Protocol. The corresponding C constant is `IPPROTO_UDP`.
    public static let udp = TransportProtocol(rawValue: 17)

    /// Stream Control Transmission Protocol. The corresponding C constant is `IPPROTO_SCTP`.
    public static let sctp = TransportProtocol(rawValue: 132)
}

extension TransportProtocol: LosslessStringConvertible {
    private static let names: [(name: String, value: TransportProtocol)] = [
        ("TCP", .tcp), ("UDP", .udp), ("SCTP", .sctp),
    ]

    /// Reads a name in any case, or a number.
    public init?(_ text: String) {
        if let known = Self.names.first(where: { $0.name.equalsIgnoringCase(text) }) {
            self = known.value
        } else if let number = UInt16(plain: text) {
            self.init(rawValue: number)
        } else {
            return nil
        }
    }

    /// `TCP`, `UDP`, `SCTP`, or the number of another protocol.
    public var description: String {
        Self.names.first { $0.value == self }?.name ?? String(rawValue)
    }
}

extension TransportProtocol: Codable {
    /// Decodes the protocol from its text.
    public init(from decoder: any Decoder) throws { self = try decoder.decodeText() }

    /// Encodes the protocol as its text.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeText(self) }
}
