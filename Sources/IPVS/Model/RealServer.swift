/// A real server, which the kernel calls a destination: one of those that a virtual server distributes connections to.
///
/// This is only the configuration. The kernel's counters are in ``Status``.
///
///     RealServer(IPAddress(10, 244, 1, 5), 8080, forwarding: .masquerade, weight: 2)
public struct RealServer: Hashable, Sendable {
    /// The address and port, which identify the real server within its virtual server. An update can't change it.
    public let endpoint: Endpoint

    /// How packets reach it. The corresponding C constant is `IPVS_DEST_ATTR_FWD_METHOD`.
    public var forwarding: ForwardingMethod

    /// Its share of the connections, relative to the other real servers: from 0 (no new connections) to 2,147,483,647.
    /// The corresponding C constant is `IPVS_DEST_ATTR_WEIGHT`.
    public var weight: UInt32

    /// The number of connections from which it gets no new ones. 0 means no limit.
    /// The corresponding C constant is `IPVS_DEST_ATTR_U_THRESH`.
    public var upperThreshold: UInt32

    /// After reaching the upper threshold, it gets new connections again when it has fewer than this number. 0 means
    /// three quarters of the upper threshold. It must not exceed the upper threshold.
    /// The corresponding C constant is `IPVS_DEST_ATTR_L_THRESH`.
    public var lowerThreshold: UInt32

    /// A real server at an endpoint.
    public init(
        _ endpoint: Endpoint,
        forwarding: ForwardingMethod,
        weight: UInt32 = 1,
        upperThreshold: UInt32 = 0,
        lowerThreshold: UInt32 = 0
    ) {
        self.endpoint = endpoint
        self.forwarding = forwarding
        self.weight = weight
        self.upperThreshold = upperThreshold
        self.lowerThreshold = lowerThreshold
    }

    /// A real server at an address and port.
    public init(
        _ address: IPAddress,
        _ port: UInt16,
        forwarding: ForwardingMethod,
        weight: UInt32 = 1,
        upperThreshold: UInt32 = 0,
        lowerThreshold: UInt32 = 0
    ) {
        self.init(
            Endpoint(address, port),
            forwarding: forwarding,
            weight: weight,
            upperThreshold: upperThreshold,
            lowerThreshold: lowerThreshold
        )
    }
}

extension RealServer {
    /// A real server in the kernel's table, with its counters.
    public struct Status: Hashable, Sendable, Codable {
        /// The configuration.
        public var server: RealServer

        /// The number of established connections.
        public var activeConnections: UInt32

        /// The number of connections in other states: closing, or without states, as with UDP.
        public var inactiveConnections: UInt32

        /// The number of persistent connections, which bind clients to it.
        public var persistentConnections: UInt32

        /// The counters since it was added or since they were set to zero.
        public var statistics: Statistics

        /// A status from its parts.
        public init(
            server: RealServer,
            activeConnections: UInt32 = 0,
            inactiveConnections: UInt32 = 0,
            persistentConnections: UInt32 = 0,
            statistics: Statistics = Statistics()
        ) {
            self.server = server
            self.activeConnections = activeConnections
            self.inactiveConnections = inactiveConnections
            self.persistentConnections = persistentConnections
            self.statistics = statistics
        }
    }
}

extension RealServer: CustomStringConvertible {
    /// The real server on one line: `10.244.1.5:8080 masquerade weight 2`.
    public var description: String {
        var text = "\(endpoint) \(forwarding) weight \(weight)"
        if upperThreshold != 0 { text += " upper threshold \(upperThreshold)" }
        if lowerThreshold != 0 { text += " lower threshold \(lowerThreshold)" }
        return text
    }
}

extension RealServer: Codable {
    enum CodingKeys: CodingKey { case endpoint, forwarding, weight, upperThreshold, lowerThreshold }

    /// Decodes a real server. `endpoint` and `forwarding` are required. Other missing keys have the defaults of the
    /// initializer.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            try container.decode(Endpoint.self, forKey: .endpoint),
            forwarding: try container.decode(ForwardingMethod.self, forKey: .forwarding),
            weight: try container.decodeIfPresent(UInt32.self, forKey: .weight) ?? 1,
            upperThreshold: try container.decodeIfPresent(UInt32.self, forKey: .upperThreshold) ?? 0,
            lowerThreshold: try container.decodeIfPresent(UInt32.self, forKey: .lowerThreshold) ?? 0
        )
    }

    /// Encodes `endpoint`, `forwarding` and `weight`, and those thresholds that are not 0.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(endpoint, forKey: .endpoint)
        try container.encode(forwarding, forKey: .forwarding)
        try container.encode(weight, forKey: .weight)
        if upperThreshold != 0 { try container.encode(upperThreshold, forKey: .upperThreshold) }
        if lowerThreshold != 0 { try container.encode(lowerThreshold, forKey: .lowerThreshold) }
    }
}
