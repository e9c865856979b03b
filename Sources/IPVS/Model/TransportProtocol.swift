/// The transport protocol of a virtual server.
///
/// The kernel balances connections of TCP, UDP and SCTP. Other protocol numbers are for kernels that support more. The
/// text form, which `Codable` uses too, is `TCP`, `UDP`, `SCTP` or the number.
public struct TransportProtocol: RawRepresentable, Hashable, Sendable {
    /// The IP protocol number.
    public let rawValue: UInt16

    /// A protocol with a number.
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

    /// Parses a name, ignoring case, or a number.
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
    /// Decodes the protocol from its text form.
    public init(from decoder: any Decoder) throws { self = try decoder.decodeText() }

    /// Encodes the protocol as its text form.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeText(self) }
}
