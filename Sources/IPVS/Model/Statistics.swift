/// What the kernel has counted for a virtual or a real server.
///
/// The kernel gathers the counts of its processors every two seconds, so the latest are not among them. They come from
/// its 64-bit counters where it has them (Linux 4.1), else from those of 32 bits, which wrap around.
public struct Statistics: Hashable, Sendable, Codable {
    /// Connections that were scheduled.
    public var connections: UInt64 = 0

    /// Packets from clients.
    public var incomingPackets: UInt64 = 0

    /// Packets to clients; those that pass the balancer, so none with direct routing and tunnels.
    public var outgoingPackets: UInt64 = 0

    /// Bytes in the packets from clients.
    public var incomingBytes: UInt64 = 0

    /// Bytes in the packets to clients.
    public var outgoingBytes: UInt64 = 0

    /// The same quantities per second, as the kernel estimates them every two seconds.
    public var rates = Rates()

    /// Counters that are all zero.
    public init() {}

    /// Quantities per second.
    public struct Rates: Hashable, Sendable, Codable {
        /// Connections that were scheduled, per second.
        public var connections: UInt64 = 0

        /// Packets from clients, per second.
        public var incomingPackets: UInt64 = 0

        /// Packets to clients, per second.
        public var outgoingPackets: UInt64 = 0

        /// Bytes from clients, per second.
        public var incomingBytes: UInt64 = 0

        /// Bytes to clients, per second.
        public var outgoingBytes: UInt64 = 0

        /// Rates that are all zero.
        public init() {}
    }
}
