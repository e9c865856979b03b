/// How long the kernel keeps idle connections, in seconds, for each protocol.
public struct Timeouts: Hashable, Sendable, Codable {
    /// An established TCP connection. Nil when it is read: this kernel balances no TCP; when it is set: keep the value.
    public var tcp: UInt32?

    /// A TCP connection after a FIN. Nil as for ``tcp``.
    public var tcpFIN: UInt32?

    /// UDP packets of one client. Nil when it is read: this kernel balances no UDP; when it is set: keep the value.
    public var udp: UInt32?

    enum CodingKeys: CodingKey { case tcp, tcpFIN, udp }

    /// Timeouts in seconds, not 0; nil keeps a value.
    public init(tcp: UInt32? = nil, tcpFIN: UInt32? = nil, udp: UInt32? = nil) {
        self.tcp = tcp
        self.tcpFIN = tcpFIN
        self.udp = udp
    }
}
