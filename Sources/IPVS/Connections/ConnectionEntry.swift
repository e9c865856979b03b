/// An entry of the kernel's connection table: a connection that is balanced, or the memory of a persistent client.
///
/// Read them with ``Handle/connectionEntries(showing:)``. Connections that last for one packet are never in the table.
public struct ConnectionEntry: Hashable, Sendable, Codable {
    /// The protocol; the number 0 where a template stands for a firewall mark, which has none.
    public var transport: TransportProtocol

    /// Where the client's packets come from. A template has port 0, and the client's network where the virtual server
    /// groups clients by a mask.
    public var client: Endpoint

    /// Where the client's packets go. See ``firewallMark`` for what it is where ``transport`` is 0.
    public var virtualServer: Endpoint

    /// Where the balancer sends them. It may be of another family than the other two.
    public var realServer: Endpoint

    /// What has been seen of the connection.
    public var state: State

    /// How many seconds the kernel will keep the entry if no packet comes.
    public var secondsLeft: UInt32

    /// What a persistence engine found in the client's packets. Only templates have it, and only
    /// ``ConnectionEntries/Detail/persistence`` shows it.
    public var persistence: PersistenceData?

    /// Where the entry comes from; nil unless ``ConnectionEntries/Detail/origin`` shows it.
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

    /// Whether it is no connection but a template: it remembers the real server of a client of a persistent virtual
    /// server, for the connections to come. Kernels before 4.19 don't mark templates so that all are told apart.
    public var isTemplate: Bool { client.port == 0 && (state == .none || state == .assured) }

    /// The firewall mark that a template stands for; nil for all other entries. The kernel has it in the place of the
    /// virtual server's address.
    public var firewallMark: UInt32? {
        transport.rawValue == 0 ? UInt32(virtualServer.address.high >> 32) : nil
    }
}

extension ConnectionEntry {
    /// What a persistence engine tells a client by.
    public struct PersistenceData: Hashable, Sendable, Codable {
        /// The engine.
        public var engine: PersistenceEngine

        /// What it found, such as the Call-ID of SIP. Bytes that are not UTF-8 are shown as U+FFFD.
        public var data: String

        /// What an engine found.
        public init(engine: PersistenceEngine, data: String) {
            self.engine = engine
            self.data = data
        }
    }

    /// Where an entry comes from.
    public enum Origin: String, Hashable, Sendable, Codable {
        /// This balancer made it. The kernel's name is `LOCAL`.
        case local = "LOCAL"

        /// A sync daemon brought it from another balancer. The kernel's name is `SYNC`.
        case synchronized = "SYNC"
    }
}
