/// The kernel's counters of a virtual server or a real server.
///
/// The kernel collects the counts of its processors every two seconds, so the most recent ones are not included. The
/// values are 64-bit counters (`STATS64`) if the kernel has them (Linux 4.1), and otherwise 32-bit counters (`STATS`),
/// which wrap around.
public struct Statistics: Hashable, Sendable, Codable {
    /// The number of scheduled connections.
    public var connections: UInt64 = 0

    /// Packets from clients.
    public var incomingPackets: UInt64 = 0

    /// Packets to clients that pass through the balancer: none with direct routing and tunnels.
    public var outgoingPackets: UInt64 = 0

    /// Bytes in the packets from clients.
    public var incomingBytes: UInt64 = 0

    /// Bytes in the packets to clients.
    public var outgoingBytes: UInt64 = 0

    /// The same quantities per second, which the kernel estimates every two seconds.
    public var rates = Rates()

    /// Counters that are all zero.
    public init() {}

    /// Quantities per second.
    public struct Rates: Hashable, Sendable, Codable {
        /// Scheduled connections per second.
        public var connections: UInt64 = 0

        /// Packets from clients per second.
        public var incomingPackets: UInt64 = 0

        /// Packets to clients per second.
        public var outgoingPackets: UInt64 = 0

        /// Bytes from clients per second.
        public var incomingBytes: UInt64 = 0

        /// Bytes to clients per second.
        public var outgoingBytes: UInt64 = 0

        /// Rates that are all zero.
        public init() {}
    }
}
