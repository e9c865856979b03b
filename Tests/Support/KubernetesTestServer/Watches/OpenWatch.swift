extension KubernetesTestServer {
    /// A watch that a client has open.
    public struct OpenWatch: Hashable, Sendable {
        /// What is watched.
        public let resource: Resource

        /// The version up to which everything has been sent.
        public let position: Int
    }

    /// What an event says of its object.
    public enum EventType: String, Hashable, Sendable {
        /// The object is new.
        case added = "ADDED"

        /// The object was changed.
        case modified = "MODIFIED"

        /// The object was deleted.
        case deleted = "DELETED"
    }

    /// How open watches are interrupted.
    public enum Interruption: Hashable, Sendable {
        /// The answer ends, as it does after its time limit.
        case end

        /// The connection is closed.
        case close

        /// The connection is closed in the middle of a line.
        case closeInLine

        /// Nothing more is sent, and the connection stays open.
        case hang

        /// An event of the type `ERROR` with the code 410, and then the end.
        case expired
    }
}
