/// The timeouts of idle connections, in seconds. See <doc:IdleConnections>.
public struct Timeouts: Hashable, Sendable, Codable {
    /// The timeout of an established TCP connection. If it is nil after reading, the kernel doesn't balance TCP. When
    /// setting timeouts, nil keeps the current value. The corresponding C constant is `IPVS_CMD_ATTR_TIMEOUT_TCP`.
    public var tcp: UInt32?

    /// The timeout of a TCP connection after a FIN of the real server. Nil has the same meaning as for ``tcp``.
    /// The corresponding C constant is `IPVS_CMD_ATTR_TIMEOUT_TCP_FIN`.
    public var tcpFIN: UInt32?

    /// The timeout of UDP packets of a client. Nil has the same meaning as for ``tcp``.
    /// The corresponding C constant is `IPVS_CMD_ATTR_TIMEOUT_UDP`.
    public var udp: UInt32?

    enum CodingKeys: CodingKey { case tcp, tcpFIN, udp }

    /// Timeouts in seconds, which must not be 0. Nil keeps a current value.
    public init(tcp: UInt32? = nil, tcpFIN: UInt32? = nil, udp: UInt32? = nil) {
        self.tcp = tcp
        self.tcpFIN = tcpFIN
        self.udp = udp
    }
}
