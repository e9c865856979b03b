extension VirtualServer {
    /// The identity of a virtual server: the packets that it accepts.
    ///
    /// The text form, which `Codable` uses too, is `TCP 10.96.0.1:80`, `UDP [fd00::1]:53`, `FWM 7` for IPv4 packets
    /// with firewall mark 7, or `FWM 7 IPv6`.
    public enum Identity: Hashable, Sendable {
        /// Packets of a protocol to an address and port.
        case endpoint(TransportProtocol, Endpoint)

        /// Packets of a family that packet filter rules have marked. The mark must not be 0.
        case firewallMark(UInt32, IPAddress.Family)

        /// TCP to an address and port.
        public static func tcp(_ address: IPAddress, _ port: UInt16) -> Identity {
            .endpoint(.tcp, Endpoint(address, port))
        }

        /// UDP to an address and port.
        public static func udp(_ address: IPAddress, _ port: UInt16) -> Identity {
            .endpoint(.udp, Endpoint(address, port))
        }

        /// SCTP to an address and port.
        public static func sctp(_ address: IPAddress, _ port: UInt16) -> Identity {
            .endpoint(.sctp, Endpoint(address, port))
        }

        /// IPv4 packets with a firewall mark, which must not be 0.
        public static func firewallMark(_ mark: UInt32) -> Identity { .firewallMark(mark, .ipv4) }

        /// The address family of the packets.
        public var family: IPAddress.Family {
            switch self {
            case .endpoint(_, let endpoint): endpoint.address.family
            case .firewallMark(_, let family): family
            }
        }
    }
}

extension VirtualServer.Identity: LosslessStringConvertible {
    /// Parses `TCP 10.96.0.1:80`, `UDP [fd00::1]:53`, `FWM 7` or `FWM 7 IPv6`, ignoring case. Returns nil for anything
    /// else.
    public init?(_ text: String) {
        let words = text.split(separator: " ").map(String.init)
        guard (2...3).contains(words.count) else { return nil }
        if words[0].equalsIgnoringCase("FWM") {
            let family = words.count == 3 ? IPAddress.Family(words[2]) : .ipv4
            guard let mark = UInt32(plain: words[1]), mark != 0, let family else { return nil }
            self = .firewallMark(mark, family)
        } else {
            guard words.count == 2, let transport = TransportProtocol(words[0]), let endpoint = Endpoint(words[1])
            else { return nil }
            self = .endpoint(transport, endpoint)
        }
    }

    /// The text form: `TCP 10.96.0.1:80`, `FWM 7`, `FWM 7 IPv6`.
    public var description: String {
        switch self {
        case .endpoint(let transport, let endpoint): "\(transport) \(endpoint)"
        case .firewallMark(let mark, .ipv4): "FWM \(mark)"
        case .firewallMark(let mark, .ipv6): "FWM \(mark) IPv6"
        }
    }
}

extension VirtualServer.Identity: Comparable {
    /// Orders endpoints by family, protocol, address and port, and then firewall marks by number.
    public static func < (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.endpoint(let transport, let endpoint), .endpoint(let otherTransport, let otherEndpoint)):
            (left.family.rawValue, transport.rawValue, endpoint)
                < (right.family.rawValue, otherTransport.rawValue, otherEndpoint)
        case (.firewallMark(let mark, _), .firewallMark(let other, _)):
            (mark, left.family.rawValue) < (other, right.family.rawValue)
        case (.endpoint, .firewallMark): true
        case (.firewallMark, .endpoint): false
        }
    }
}

extension VirtualServer.Identity: Codable {
    /// Decodes the identity from its text form.
    public init(from decoder: any Decoder) throws { self = try decoder.decodeText() }

    /// Encodes the identity as its text form.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeText(self) }
}
