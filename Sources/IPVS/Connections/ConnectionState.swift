extension ConnectionEntry {
    /// The state of a connection as seen by the balancer.
    ///
    /// It may differ from the state of either end: with direct routing and tunnels, the balancer sees only the client's
    /// packets. The kernel has more states than those below, in particular for SCTP, and new ones may be added.
    public struct State: RawRepresentable, Hashable, Sendable, Codable {
        /// The kernel's name of the state.
        public let rawValue: String

        /// A state with a name of the kernel.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// `NONE`: no state yet, or a template without an established connection.
        public static let none = State(rawValue: "NONE")

        /// `ASSURED`: a template with an established connection.
        public static let assured = State(rawValue: "ASSURED")

        /// `ESTABLISHED`: an open TCP or SCTP connection.
        public static let established = State(rawValue: "ESTABLISHED")

        /// `SYN_SENT`: a TCP connection that the real server opens.
        public static let synSent = State(rawValue: "SYN_SENT")

        /// `SYN_RECV`: a TCP connection that the client opens.
        public static let synReceived = State(rawValue: "SYN_RECV")

        /// `FIN_WAIT`: a TCP connection that one end has closed.
        public static let finWait = State(rawValue: "FIN_WAIT")

        /// `TIME_WAIT`: a TCP connection that both ends have closed.
        public static let timeWait = State(rawValue: "TIME_WAIT")

        /// `CLOSE`: a TCP connection that was reset.
        public static let close = State(rawValue: "CLOSE")

        /// `CLOSE_WAIT`: a TCP connection that the client has closed.
        public static let closeWait = State(rawValue: "CLOSE_WAIT")

        /// `LAST_ACK`: a TCP connection that waits for its last acknowledgement.
        public static let lastACK = State(rawValue: "LAST_ACK")

        /// `LISTEN`: an expected connection, such as the data connection of FTP.
        public static let listen = State(rawValue: "LISTEN")

        /// `SYNACK`: a half-open TCP connection while the kernel defends against an attack.
        public static let synACK = State(rawValue: "SYNACK")

        /// `UDP`: packets of UDP, which has no other states.
        public static let udp = State(rawValue: "UDP")
    }
}

extension ConnectionEntry.State: CustomStringConvertible {
    /// The kernel's name of the state.
    public var description: String { rawValue }
}
