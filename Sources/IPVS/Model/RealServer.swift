/// A real server, also called a destination: one of those that a virtual server spreads its connections over.
///
/// This is the configuration alone; what the kernel observed stands beside it in ``Status``.
///
///     RealServer(IPAddress(10, 244, 1, 5), 8080, forwarding: .masquerade, weight: 2)
public struct RealServer: Hashable, Sendable {
    /// Where it is reached, which tells it from the others of its virtual server. It can't be changed by an update.
    public let endpoint: Endpoint

    /// How packets get to it.
    public var forwarding: ForwardingMethod

    /// Its share of the connections, relative to the others': 0 (no new connections) to 2,147,483,647.
    public var weight: UInt32

    /// It gets no new connections from this many on; 0 is no limit.
    public var upperThreshold: UInt32

    /// After it reached the upper threshold it gets connections again when it has fewer than this; 0 lets the kernel
    /// choose (three quarters of the upper one). Not above the upper threshold.
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
    /// A real server as the kernel holds it.
    public struct Status: Hashable, Sendable, Codable {
        /// The configuration.
        public var server: RealServer

        /// Connections that are established now.
        public var activeConnections: UInt32

        /// Connections in any other state now: being closed, or without states, as UDP's.
        public var inactiveConnections: UInt32

        /// Clients that persistence binds to it now.
        public var persistentConnections: UInt32

        /// What it has counted since it was added or its counters were set to zero.
        public var statistics: Statistics

        /// A status from its parts, as the kernel would tell it.
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

    /// Decodes a real server. `endpoint` and `forwarding` are required; what else is absent has the defaults of the
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

    /// Encodes `endpoint`, `forwarding` and `weight`, and the thresholds that are set.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(endpoint, forKey: .endpoint)
        try container.encode(forwarding, forKey: .forwarding)
        try container.encode(weight, forKey: .weight)
        if upperThreshold != 0 { try container.encode(upperThreshold, forKey: .upperThreshold) }
        if lowerThreshold != 0 { try container.encode(lowerThreshold, forKey: .lowerThreshold) }
    }
}
