/// A virtual server, which the kernel calls a service: the address that clients connect to, and how its connections are
/// distributed.
///
/// This is only the configuration, so equal values mean that nothing has to be changed. The kernel's counters are in
/// ``Status``.
///
///     let web = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80), scheduler: .weightedRoundRobin)
public struct VirtualServer: Hashable, Sendable {
    /// The identity of the virtual server. An update can't change it.
    public let id: Identity

    /// Selects the real server for a new connection.
    public var scheduler: Scheduler

    /// The flags that callers can set. For persistence, see ``persistence``.
    /// The corresponding C constant is `IPVS_SVC_ATTR_FLAGS`.
    public var flags: Flags

    /// Makes all connections of a client go to the same real server. Nil means no persistence.
    public var persistence: Persistence?

    /// The persistence engine, which inspects packets. Nil means none.
    ///
    /// With ``persistence``, it distinguishes clients by more than their addresses. Without, the kernel still tracks
    /// packets that real servers send first: with ``PersistenceEngine/sip``, they are forwarded from the virtual
    /// server's address. The corresponding C constant is `IPVS_SVC_ATTR_PE_NAME`.
    public var persistenceEngine: PersistenceEngine?

    /// A virtual server with its configuration. The default scheduler is `wlc`, as in `ipvsadm`.
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
    /// A virtual server in the kernel's table, with its counters.
    public struct Status: Hashable, Sendable, Codable {
        /// The configuration.
        public var server: VirtualServer

        /// The counters since it was added or since they were set to zero.
        public var statistics: Statistics

        /// A status from its parts.
        public init(server: VirtualServer, statistics: Statistics = Statistics()) {
            self.server = server
            self.statistics = statistics
        }
    }
}

extension VirtualServer: CustomStringConvertible {
    /// The virtual server on one line, as `ipvsadm` lists it: `TCP 10.96.0.1:80 wrr persistent 300`.
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

    /// Decodes a virtual server. Only `id` is required. Other missing keys have the defaults of the initializer.
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

    /// Encodes `id` and `scheduler`, and `flags`, `persistence` and `persistenceEngine` if they are set.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(scheduler, forKey: .scheduler)
        if !flags.isEmpty { try container.encode(flags, forKey: .flags) }
        try container.encodeIfPresent(persistence, forKey: .persistence)
        try container.encodeIfPresent(persistenceEngine, forKey: .persistenceEngine)
    }
}
