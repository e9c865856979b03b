public import IPVS

/// A port of a service: where it can be reached, and how its connections are distributed.
///
///     ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 1)], nodePort: 30_080)
public struct ServicePort: Hashable, Sendable {
    /// The protocol.
    public var transport: TransportProtocol

    /// The port on all addresses except the node's own.
    public var port: UInt16

    /// The addresses within the cluster: none, one, or one of each address family. If there are any, the service port is served
    /// only in their families.
    public var clusterIPs: [IPAddress]

    /// The port on each of the node's own addresses; nil if it can't be reached there.
    public var nodePort: UInt16?

    /// Addresses to which clients outside the cluster send packets.
    public var externalIPs: [IPAddress]

    /// Addresses of load balancers that forward packets to the node without changing their destination.
    public var loadBalancerIPs: [IPAddress]

    /// The sources whose packets may reach `loadBalancerIPs`; empty if all may. Other addresses are open to all. If there are
    /// any, but none of an address family, no packet of that family may.
    public var loadBalancerSourceRanges: [IPAddress.Block]

    /// Whether all connections of a client go to the same endpoint.
    public var sessionAffinity: SessionAffinity

    /// Which endpoints serve clients that connect to a cluster IP.
    public var internalTrafficPolicy: TrafficPolicy

    /// Which endpoints serve clients that connect to any other address.
    public var externalTrafficPolicy: TrafficPolicy

    /// How endpoints are chosen for new connections; nil for the node's default.
    public var scheduler: Scheduler?

    /// A port of a service.
    public init(
        _ transport: TransportProtocol,
        _ port: UInt16,
        clusterIPs: [IPAddress] = [],
        nodePort: UInt16? = nil,
        externalIPs: [IPAddress] = [],
        loadBalancerIPs: [IPAddress] = [],
        loadBalancerSourceRanges: [IPAddress.Block] = [],
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
        self.loadBalancerSourceRanges = loadBalancerSourceRanges
        self.sessionAffinity = sessionAffinity
        self.internalTrafficPolicy = internalTrafficPolicy
        self.externalTrafficPolicy = externalTrafficPolicy
        self.scheduler = scheduler
    }
}

extension ServicePort {
    /// Whether all connections of a client go to the same endpoint.
    public enum SessionAffinity: Hashable, Sendable {
        /// The scheduler chooses an endpoint for each connection.
        case none

        /// A client, identified by its address, stays with an endpoint until this many seconds after its last connection.
        case clientIP(timeout: UInt32)

        /// A client stays with an endpoint for three hours, which is the default of Kubernetes.
        public static let clientIP = SessionAffinity.clientIP(timeout: 10_800)
    }

    /// Which endpoints serve the clients of a node.
    public enum TrafficPolicy: Hashable, Sendable {
        /// All of them.
        case cluster

        /// Those on the node itself. If there are none, connections are refused.
        case local
    }
}

/// Where the clients of a service come from, which decides which traffic policy applies to them.
package enum ClientOrigin: Hashable, Sendable, CaseIterable {
    /// The cluster: they connect to a cluster IP.
    case `internal`

    /// Elsewhere: they connect to any other address.
    case external
}
