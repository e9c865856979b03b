extension KubernetesTestServer {
    /// A kind of objects that the server has. The server shares no code with the clients that it tests.
    public struct Resource: Hashable, Sendable {
        /// The API group; empty for the core group.
        public let group: String

        /// The version of the group.
        public let version: String

        /// The name in paths.
        public let plural: String

        /// The kind of each object.
        public let kind: String

        /// Whether the objects are in namespaces.
        public let isNamespaced: Bool

        /// What `kubectl` takes for the name too.
        let shortNames: [String]

        private init(
            _ plural: String,
            _ kind: String,
            group: String = "",
            isNamespaced: Bool = true,
            shortNames: [String] = []
        ) {
            self.group = group
            version = "v1"
            self.plural = plural
            self.kind = kind
            self.isNamespaced = isNamespaced
            self.shortNames = shortNames
        }
    }
}

extension KubernetesTestServer.Resource {
    /// Services.
    public static let services = Self("services", "Service", shortNames: ["svc"])

    /// Nodes.
    public static let nodes = Self("nodes", "Node", isNamespaced: false, shortNames: ["no"])

    /// Namespaces. Objects can be in any namespace, whether there is an object for it or not.
    public static let namespaces = Self("namespaces", "Namespace", isNamespaced: false, shortNames: ["ns"])

    /// ConfigMaps.
    public static let configMaps = Self("configmaps", "ConfigMap", shortNames: ["cm"])

    /// Events of the core group.
    public static let coreEvents = Self("events", "Event", shortNames: ["ev"])

    /// Events of the group `events.k8s.io`. Each is an event of the core group too, as with a real server.
    public static let events = Self("events", "Event", group: "events.k8s.io", shortNames: ["ev"])

    /// Slices of the endpoints of services.
    public static let endpointSlices = Self("endpointslices", "EndpointSlice", group: "discovery.k8s.io")

    /// Pods.
    public static let pods = Self("pods", "Pod", shortNames: ["po"])

    /// Accounts of pods.
    public static let serviceAccounts = Self("serviceaccounts", "ServiceAccount", shortNames: ["sa"])

    /// Programs that run on each node.
    public static let daemonSets = Self("daemonsets", "DaemonSet", group: "apps", shortNames: ["ds"])

    /// Who has a role of the cluster.
    public static let clusterRoleBindings = Self(
        "clusterrolebindings",
        "ClusterRoleBinding",
        group: "rbac.authorization.k8s.io",
        isNamespaced: false
    )

    /// All resources.
    public static let all: [Self] = [
        configMaps, coreEvents, namespaces, nodes, pods, serviceAccounts, services, daemonSets, endpointSlices, events,
        clusterRoleBindings,
    ]

    /// The group and version as objects have it in `apiVersion`.
    public var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    /// The path of all objects, of those in a namespace, or of one object.
    public func path(namespace: String? = nil, name: String? = nil) -> String {
        var path = group.isEmpty ? "/api/\(version)" : "/apis/\(apiVersion)"
        if let namespace { path += "/namespaces/\(namespace)" }
        path += "/\(plural)"
        if let name { path += "/\(name)" }
        return path
    }

    /// The name with its group, as in messages.
    var qualifiedName: String { group.isEmpty ? plural : "\(plural).\(group)" }
}
