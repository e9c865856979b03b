/// A virtual server, also called a service: the address that clients use, and how its connections are spread.
///
/// This is the configuration alone, so two equal values mean that nothing has to be changed. What the kernel counted
/// stands beside it in ``Status``.
///
///     let web = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80), scheduler: .weightedRoundRobin)
public struct VirtualServer: Hashable, Sendable {
    /// What tells this virtual server from all others. It can't be changed by an update.
    public let id: Identity

    /// How real servers are picked for new connections.
    public var scheduler: Scheduler

    /// The flags that a caller may choose; persistence is not one of them but has ``persistence``.
    public var flags: Flags

    /// Keeps the connections of one client on one real server; nil does not.
    public var persistence: Persistence?

    /// What looks into packets; nil is nothing (`IPVS_SVC_ATTR_PE_NAME`).
    ///
    /// With ``persistence`` it tells clients apart by more than their address. Without, it still has the kernel track
    /// what real servers send first: the engine ``PersistenceEngine/sip`` sends that on from the virtual server's address.
    public var persistenceEngine: PersistenceEngine?

    /// A virtual server with its configuration. The default scheduler is `wlc`, as ipvsadm's is.
    public init(
        _ id: Identity,
        scheduler: Scheduler = .weightedLeastConnection,
        flags: Flags = [],
        persistence: Persistence? = nil,
        persistenceEngine: PersistenceEngine? = nil
    ) {
        self.id = id
        self.scheduler = scheduler
        self.flags = flags
        self.persistence = persistence
        self.persistenceEngine = persistenceEngine
    }
}

extension VirtualServer {
    /// A virtual server as the kernel holds it.
    public struct Status: Hashable, Sendable, Codable {
        /// The configuration.
        public var server: VirtualServer

        /// What it has counted since it was added or its counters were set to zero.
        public var statistics: Statistics

        /// A status from its parts, as the kernel would tell it.
        public init(server: VirtualServer, statistics: Statistics = Statistics()) {
            self.server = server
            self.statistics = statistics
        }
    }
}

extension VirtualServer: CustomStringConvertible {
    /// The virtual server on one line, in the manner of ipvsadm: `TCP 10.96.0.1:80 wrr persistent 300`.
    public var description: String {
        var parts = [id.description, scheduler.rawValue]
        if let persistence { parts.append(persistence.description) }
        if let persistenceEngine { parts.append("pe \(persistenceEngine)") }
        if !flags.isEmpty { parts.append(flags.names.joined(separator: ",")) }
        return parts.joined(separator: " ")
    }
}

extension VirtualServer: Codable {
    enum CodingKeys: CodingKey { case id, scheduler, flags, persistence, persistenceEngine }

    /// Decodes a virtual server. Only `id` is required; what is absent has the defaults of the initializer.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            try container.decode(Identity.self, forKey: .id),
            scheduler: try container.decodeIfPresent(Scheduler.self, forKey: .scheduler) ?? .weightedLeastConnection,
            flags: try container.decodeIfPresent(Flags.self, forKey: .flags) ?? [],
            persistence: try container.decodeIfPresent(Persistence.self, forKey: .persistence),
            persistenceEngine: try container.decodeIfPresent(PersistenceEngine.self, forKey: .persistenceEngine)
        )
    }

    /// Encodes `id` and `scheduler`, and `flags`, `persistence` and `persistenceEngine` where there are any.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(scheduler, forKey: .scheduler)
        if !flags.isEmpty { try container.encode(flags, forKey: .flags) }
        try container.encodeIfPresent(persistence, forKey: .persistence)
        try container.encodeIfPresent(persistenceEngine, forKey: .persistenceEngine)
    }
}
