public import IPVS

/// An endpoint of a service's port, such as a pod.
public struct ServiceEndpoint: Hashable, Sendable {
    /// Its address and port.
    public var endpoint: Endpoint

    /// Whether it is on this node.
    public var isLocal: Bool

    /// Whether it accepts new connections.
    public var isReady: Bool

    /// Whether it serves connections, even if it is terminating.
    public var isServing: Bool

    /// Whether it is terminating.
    public var isTerminating: Bool

    /// For which nodes and zones the control plane intends it, as far as this node is concerned.
    public var hints: Hints

    /// An endpoint.
    ///
    /// - Parameters:
    ///   - endpoint: Its address and port.
    ///   - isLocal: Whether it is on this node.
    ///   - isReady: Whether it accepts new connections.
    ///   - isServing: Whether it serves connections; by default, if it is ready.
    ///   - isTerminating: Whether it is terminating.
    ///   - hints: For which nodes and zones the control plane intends it.
    public init(
        _ endpoint: Endpoint,
        isLocal: Bool = false,
        isReady: Bool = true,
        isServing: Bool? = nil,
        isTerminating: Bool = false,
        hints: Hints = []
    ) {
        self.endpoint = endpoint
        self.isLocal = isLocal
        self.isReady = isReady
        self.isServing = isServing ?? isReady
        self.isTerminating = isTerminating
        self.hints = hints
    }
}

extension ServiceEndpoint {
    /// For which nodes and zones a control plane intends an endpoint, so that traffic stays near; reduced to what one node needs
    /// to know.
    ///
    /// They apply to the cluster policy. If all ready endpoints of a service's port have hints for nodes, and one of them is for
    /// this node, only those for this node are used. Otherwise, the same goes for zones. Otherwise, all are used.
    public struct Hints: OptionSet, Hashable, Sendable {
        /// The bits.
        public let rawValue: UInt8

        /// Hints with some bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// The endpoint is intended for certain nodes.
        public static let nodes = Hints(rawValue: 1)

        /// The endpoint is intended for certain nodes, and this node is one of them.
        public static let thisNode = Hints(rawValue: 3)

        /// The endpoint is intended for certain zones.
        public static let zones = Hints(rawValue: 4)

        /// The endpoint is intended for certain zones, and this node's zone is one of them.
        public static let thisZone = Hints(rawValue: 12)

        /// What the hints of an endpoint mean to a node.
        ///
        /// - Parameters:
        ///   - nodes: The names of the nodes that the endpoint is intended for; empty if there are no such hints.
        ///   - zones: The names of the zones that the endpoint is intended for; empty if there are no such hints.
        ///   - node: The name of this node.
        ///   - zone: The zone of this node; nil if it is not known.
        public init(forNodes nodes: [String], forZones zones: [String], on node: String, in zone: String?) {
            var hints: Hints = []
            if !nodes.isEmpty { hints.insert(nodes.contains(node) ? .thisNode : .nodes) }
            if !zones.isEmpty { hints.insert(zone.map(zones.contains) == true ? .thisZone : .zones) }
            self = hints
        }
    }
}
