extension CoreV1 {
    /// A service, with the fields that a proxy of a node needs.
    public struct Service: KubernetesObject {
        /// Where an API server has services.
        public static let resource = Resource(version: "v1", plural: "services", kind: "Service")

        /// The object's metadata.
        public var metadata: ObjectMeta

        /// What the service should be; nil if the object has none.
        public var spec: Spec?

        /// What controllers report of it; nil if they have reported nothing.
        public var status: Status?

        /// A service.
        public init(metadata: ObjectMeta, spec: Spec? = nil, status: Status? = nil) {
            self.metadata = metadata
            self.spec = spec
            self.status = status
        }
    }
}

extension CoreV1.Service {
    /// What a service should be. A field is nil where the object has none, and is as the server has it otherwise.
    public struct Spec: Hashable, Sendable, Decodable {
        /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`.
        public var type: String?

        /// The first cluster IP; `None` for a headless service.
        public var clusterIP: String?

        /// The cluster IPs, of which there is at most one for each address family.
        public var clusterIPs: [String]?

        /// The ports.
        public var ports: [Port]?

        /// Further addresses at which the service is served.
        public var externalIPs: [String]?

        /// `None` or `ClientIP`.
        public var sessionAffinity: String?

        /// The settings of the session affinity.
        public var sessionAffinityConfig: SessionAffinityConfig?

        /// `Cluster` or `Local`.
        public var internalTrafficPolicy: String?

        /// `Cluster` or `Local`.
        public var externalTrafficPolicy: String?

        /// The node port for a load balancer's health checks.
        public var healthCheckNodePort: Int?

        /// The blocks of clients that a load balancer lets through.
        public var loadBalancerSourceRanges: [String]?

        /// How traffic prefers endpoints that are near.
        public var trafficDistribution: String?

        /// A specification without a field.
        public init() {}
    }

    /// A port of a service.
    public struct Port: Hashable, Sendable, Decodable {
        /// The name; nil or empty if there is only one port.
        public var name: String?

        /// `TCP`, `UDP` or `SCTP`; nil means `TCP`.
        public var `protocol`: String?

        /// The number.
        public var port: Int

        /// The number on each node.
        public var nodePort: Int?

        /// A port of a service.
        public init(name: String? = nil, protocol: String? = nil, port: Int, nodePort: Int? = nil) {
            self.name = name
            self.protocol = `protocol`
            self.port = port
            self.nodePort = nodePort
        }
    }

    /// The settings of a session affinity.
    public struct SessionAffinityConfig: Hashable, Sendable, Decodable {
        /// Those of `ClientIP`.
        public var clientIP: ClientIP?

        /// The settings of the session affinity `ClientIP`.
        public struct ClientIP: Hashable, Sendable, Decodable {
            /// How long a client stays with an endpoint, in seconds.
            public var timeoutSeconds: Int?

            /// Settings with a time.
            public init(timeoutSeconds: Int? = nil) { self.timeoutSeconds = timeoutSeconds }
        }

        /// Settings of `ClientIP`.
        public init(clientIP: ClientIP? = nil) { self.clientIP = clientIP }
    }

    /// What controllers report of a service.
    public struct Status: Hashable, Sendable, Decodable {
        /// What the load balancer's controller reports.
        public var loadBalancer: LoadBalancer?

        /// A status.
        public init(loadBalancer: LoadBalancer? = nil) { self.loadBalancer = loadBalancer }
    }

    /// What a load balancer's controller reports.
    public struct LoadBalancer: Hashable, Sendable, Decodable {
        /// The load balancer's addresses.
        public var ingress: [Ingress]?

        /// A load balancer with addresses.
        public init(ingress: [Ingress]? = nil) { self.ingress = ingress }
    }

    /// An address of a load balancer.
    public struct Ingress: Hashable, Sendable, Decodable {
        /// The IP address; nil if it has only a host name.
        public var ip: String?

        /// `VIP`, which nodes serve, or `Proxy`, which they don't; nil means `VIP`.
        public var ipMode: String?

        /// An address.
        public init(ip: String? = nil, ipMode: String? = nil) {
            self.ip = ip
            self.ipMode = ipMode
        }
    }
}
