/// The objects of the group `discovery.k8s.io`, version `v1`.
public enum DiscoveryV1 {}

extension DiscoveryV1 {
    /// Some of the endpoints of a service, with the fields that a proxy of a node needs.
    public struct EndpointSlice: KubernetesObject {
        /// Where an API server has endpoint slices.
        public static let resource = Resource(
            group: "discovery.k8s.io",
            version: "v1",
            plural: "endpointslices",
            kind: "EndpointSlice"
        )

        /// The object's metadata. The label `kubernetes.io/service-name` names the service.
        public var metadata: ObjectMeta

        /// `IPv4`, `IPv6` or `FQDN`.
        public var addressType: String?

        /// The endpoints.
        public var endpoints: [Endpoint]?

        /// The ports of all endpoints.
        public var ports: [Port]?

        /// A slice of the endpoints of a service.
        public init(
            metadata: ObjectMeta,
            addressType: String? = nil,
            endpoints: [Endpoint]? = nil,
            ports: [Port]? = nil
        ) {
            self.metadata = metadata
            self.addressType = addressType
            self.endpoints = endpoints
            self.ports = ports
        }
    }
}

extension DiscoveryV1.EndpointSlice {
    /// An endpoint, such as a pod.
    public struct Endpoint: Hashable, Sendable, Decodable {
        /// Its addresses, which are interchangeable. Only the first one is used.
        public var addresses: [String]?

        /// Whether it can be used.
        public var conditions: Conditions?

        /// The node that it is on.
        public var nodeName: String?

        /// For which nodes and zones the control plane intends it.
        public var hints: Hints?

        /// An endpoint.
        public init(
            addresses: [String]? = nil,
            conditions: Conditions? = nil,
            nodeName: String? = nil,
            hints: Hints? = nil
        ) {
            self.addresses = addresses
            self.conditions = conditions
            self.nodeName = nodeName
            self.hints = hints
        }
    }

    /// Whether an endpoint can be used.
    public struct Conditions: Hashable, Sendable, Decodable {
        /// Whether it accepts connections; nil means true.
        public var ready: Bool?

        /// Whether it serves connections, even if it is terminating; nil means the same as `ready`.
        public var serving: Bool?

        /// Whether it is terminating; nil means false.
        public var terminating: Bool?

        /// Conditions.
        public init(ready: Bool? = nil, serving: Bool? = nil, terminating: Bool? = nil) {
            self.ready = ready
            self.serving = serving
            self.terminating = terminating
        }
    }

    /// For which nodes and zones the control plane intends an endpoint.
    public struct Hints: Hashable, Sendable, Decodable {
        /// The nodes.
        public var forNodes: [Target]?

        /// The zones.
        public var forZones: [Target]?

        /// A node or a zone.
        public struct Target: Hashable, Sendable, Decodable {
            /// Its name.
            public var name: String

            /// A target with a name.
            public init(name: String) { self.name = name }
        }

        /// Hints.
        public init(forNodes: [Target]? = nil, forZones: [Target]? = nil) {
            self.forNodes = forNodes
            self.forZones = forZones
        }
    }

    /// A port of all endpoints of a slice.
    public struct Port: Hashable, Sendable, Decodable {
        /// The name of the service's port; nil or empty if it has none.
        public var name: String?

        /// `TCP`, `UDP` or `SCTP`; nil means `TCP`.
        public var `protocol`: String?

        /// The number; nil means all ports.
        public var port: Int?

        /// A port.
        public init(name: String? = nil, protocol: String? = nil, port: Int? = nil) {
            self.name = name
            self.protocol = `protocol`
            self.port = port
        }
    }
}
