public import IPVS

/// A port of a service: where it can be reached, and how its connections are spread.
///
///     ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 1)], nodePort: 30_080)
public struct ServicePort: Hashable, Sendable {
    /// The protocol.
    public var transport: TransportProtocol

    /// The port, on all addresses but the node's own.
    public var port: UInt16

    /// The addresses within the cluster: none, one, or one of each family.
    public var clusterIPs: [IPAddress]

    /// The port on each of the node's own addresses, if it can be reached there.
    public var nodePort: UInt16?

    /// Addresses that packets for it come to from outside of the cluster.
    public var externalIPs: [IPAddress]

    /// Addresses of load balancers that send packets on as they are, so that they come to the node with this address.
    public var loadBalancerIPs: [IPAddress]

    /// Whether a client stays with one endpoint.
    public var sessionAffinity: SessionAffinity

    /// Which endpoints serve clients that come by the cluster IPs.
    public var internalTrafficPolicy: TrafficPolicy

    /// Which endpoints serve clients that come by any other address.
    public var externalTrafficPolicy: TrafficPolicy

    /// How endpoints are picked for new connections; nil leaves it to the node.
    public var scheduler: Scheduler?

    /// A port of a service.
    public init(
        _ transport: TransportProtocol,
        _ port: UInt16,
        clusterIPs: [IPAddress] = [],
        nodePort: UInt16? = nil,
        externalIPs: [IPAddress] = [],
        loadBalancerIPs: [IPAddress] = [],
        sessionAffinity: SessionAffinity = .none,
        internalTrafficPolicy: TrafficPolicy = .cluster,
        externalTrafficPolicy: TrafficPolicy = .cluster,
        scheduler: Scheduler? = nil
    ) {
        self.transport = transport
        self.port = port
        self.clusterIPs = clusterIPs
        self.nodePort = nodePort
        self.externalIPs = externalIPs
        self.loadBalancerIPs = loadBalancerIPs
        self.sessionAffinity = sessionAffinity
        self.internalTrafficPolicy = internalTrafficPolicy
        self.externalTrafficPolicy = externalTrafficPolicy
        self.scheduler = scheduler
    }
}

extension ServicePort {
    /// Whether the connections of a client go to the same endpoint.
    public enum SessionAffinity: Hashable, Sendable {
        /// Each connection goes where the scheduler sends it.
        case none

        /// A client, by its address, stays with an endpoint until so many seconds after its last connection.
        case clientIP(timeout: UInt32)

        /// A client stays with an endpoint for three hours, as Kubernetes has it where nothing else is said.
        public static let clientIP = SessionAffinity.clientIP(timeout: 10_800)
    }

    /// Which endpoints serve the clients of a node.
    public enum TrafficPolicy: Hashable, Sendable {
        /// All of them.
        case cluster

        /// Those on the node itself. If there are none, a connection is refused.
        case local
    }
}

/// Where the clients of a service come from, as far as it tells which traffic policy is for them.
public enum ClientOrigin: Hashable, Sendable, CaseIterable {
    /// The cluster: they come by cluster IPs.
    case `internal`

    /// Elsewhere: they come by any other address.
    case external
}
