extension ConnectionEntry {
    /// What the balancer has seen of a connection, by the kernel's name for it.
    ///
    /// It is not the state that either end is in: with direct routing and tunnels only the client's packets are seen.
    /// The kernel has more names than those here, for SCTP above all, and new ones may come.
    public struct State: RawRepresentable, Hashable, Sendable, Codable {
        /// The kernel's name of the state.
        public let rawValue: String

        /// The state that the kernel has a name for.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// `NONE`: nothing yet, or a template that no connection was established by.
        public static let none = State(rawValue: "NONE")

        /// `ASSURED`: a template that a connection was established by.
        public static let assured = State(rawValue: "ASSURED")

        /// `ESTABLISHED`: a TCP or SCTP connection that is open.
        public static let established = State(rawValue: "ESTABLISHED")

        /// `SYN_SENT`: TCP opened by the real server.
        public static let synSent = State(rawValue: "SYN_SENT")

        /// `SYN_RECV`: TCP that the client has begun to open.
        public static let synReceived = State(rawValue: "SYN_RECV")

        /// `FIN_WAIT`: TCP that one end has closed.
        public static let finWait = State(rawValue: "FIN_WAIT")

        /// `TIME_WAIT`: TCP that both ends have closed.
        public static let timeWait = State(rawValue: "TIME_WAIT")

        /// `CLOSE`: TCP that was reset.
        public static let close = State(rawValue: "CLOSE")

        /// `CLOSE_WAIT`: TCP that the client has closed.
        public static let closeWait = State(rawValue: "CLOSE_WAIT")

        /// `LAST_ACK`: TCP whose last acknowledgement is awaited.
        public static let lastACK = State(rawValue: "LAST_ACK")

        /// `LISTEN`: a connection that is expected, such as the data connection of FTP.
        public static let listen = State(rawValue: "LISTEN")

        /// `SYNACK`: TCP under an attack's defence, whose opening is half done.
        public static let synACK = State(rawValue: "SYNACK")

        /// `UDP`: packets of UDP, which has no other state.
        public static let udp = State(rawValue: "UDP")
    }
}

extension ConnectionEntry.State: CustomStringConvertible {
    /// The kernel's name of the state.
    public var description: String { rawValue }
}
