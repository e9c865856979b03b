/// An entry of the kernel's connection table: a connection, or a template for a persistent client.
///
/// Read entries with ``Handle/connectionEntries(showing:)``. With one-packet scheduling, connections are not in the
/// table.
public struct ConnectionEntry: Hashable, Sendable, Codable {
    /// The protocol. Its number is 0 for a template of a firewall mark, which has no protocol.
    public var transport: TransportProtocol

    /// The client's address and port. A template has port 0, and the client's network if the virtual server groups
    /// clients by a mask.
    public var client: Endpoint

    /// The virtual server's address and port. If ``transport`` is 0, see ``firewallMark``.
    public var virtualServer: Endpoint

    /// The real server's address and port. Its family may differ from that of the other two.
    public var realServer: Endpoint

    /// The state of the connection as seen by the balancer.
    public var state: State

    /// The seconds after which the kernel removes the entry if no packet arrives.
    public var secondsLeft: UInt32

    /// The data that a persistence engine found in the client's packets. Only templates have it, and only
    /// ``ConnectionEntries/Detail/persistence`` shows it.
    public var persistence: PersistenceData?

    /// The origin of the entry. It is nil unless ``ConnectionEntries/Detail/origin`` was requested.
    public var origin: Origin?

    /// An entry from its parts.
    public init(
        _ transport: TransportProtocol,
        client: Endpoint,
        virtualServer: Endpoint,
        realServer: Endpoint,
        state: State,
        secondsLeft: UInt32,
        persistence: PersistenceData? = nil,
        origin: Origin? = nil
    ) {
        self.transport = transport
        self.client = client
        self.virtualServer = virtualServer
        self.realServer = realServer
        self.state = state
        self.secondsLeft = secondsLeft
        self.persistence = persistence
        self.origin = origin
    }

    /// Whether the entry is a template, which stores the real server of a persistent client for later connections. In
    /// kernels before 4.19, not all templates can be recognized.
    public var isTemplate: Bool { client.port == 0 && (state == .none || state == .assured) }

    /// The firewall mark of a template, or nil for all other entries. The kernel stores it as the virtual server's
    /// address.
    public var firewallMark: UInt32? {
        transport.rawValue == 0 ? UInt32(virtualServer.address.high >> 32) : nil
    }
}

extension ConnectionEntry {
    /// The data by which a persistence engine distinguishes clients.
    public struct PersistenceData: Hashable, Sendable, Codable {
        /// The engine.
        public var engine: PersistenceEngine

        /// The data, such as the Call-ID of SIP. Bytes that are not UTF-8 are shown as U+FFFD.
        public var data: String

        /// The data of an engine.
        public init(engine: PersistenceEngine, data: String) {
            self.engine = engine
            self.data = data
        }
    }

    /// The origin of an entry.
    public enum Origin: String, Hashable, Sendable, Codable {
        /// This balancer created it. The kernel's name is `LOCAL`.
        case local = "LOCAL"

        /// A sync daemon received it from another balancer. The kernel's name is `SYNC`.
        case synchronized = "SYNC"
    }
}
