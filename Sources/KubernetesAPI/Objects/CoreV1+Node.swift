extension CoreV1 {
    /// A node, with the fields that an agent on it needs.
    public struct Node: KubernetesObject {
        /// Where an API server has nodes.
        public static let resource = Resource(version: "v1", plural: "nodes", kind: "Node", isNamespaced: false)

        /// The object's metadata.
        public var metadata: ObjectMeta

        /// What the node should be; nil if the object has none.
        public var spec: Spec?

        /// What the node's kubelet reports; nil if it has reported nothing.
        public var status: Status?

        /// A node.
        public init(metadata: ObjectMeta, spec: Spec? = nil, status: Status? = nil) {
            self.metadata = metadata
            self.spec = spec
            self.status = status
        }
    }
}

extension CoreV1.Node {
    /// What a node should be.
    public struct Spec: Hashable, Sendable, Decodable {
        /// The blocks of the addresses of its pods, of which there is at most one for each address family.
        public var podCIDRs: [String]?

        /// The first of the blocks.
        public var podCIDR: String?

        /// What keeps pods and load balancers away.
        public var taints: [Taint]?

        /// A specification.
        public init(podCIDRs: [String]? = nil, podCIDR: String? = nil, taints: [Taint]? = nil) {
            self.podCIDRs = podCIDRs
            self.podCIDR = podCIDR
            self.taints = taints
        }
    }

    /// What keeps pods away from a node.
    public struct Taint: Hashable, Sendable, Decodable {
        /// The name, such as `ToBeDeletedByClusterAutoscaler`.
        public var key: String

        /// A taint.
        public init(key: String) { self.key = key }
    }

    /// What a node's kubelet reports.
    public struct Status: Hashable, Sendable, Decodable {
        /// The node's addresses.
        public var addresses: [Address]?

        /// A status.
        public init(addresses: [Address]? = nil) { self.addresses = addresses }
    }

    /// An address of a node.
    public struct Address: Hashable, Sendable, Decodable {
        /// `InternalIP`, `ExternalIP`, `Hostname`, and more.
        public var type: String

        /// The address as text.
        public var address: String

        /// An address.
        public init(type: String, address: String) {
            self.type = type
            self.address = address
        }
    }
}
