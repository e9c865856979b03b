extension KubernetesTestServer {
    /// Which requests are meant.
    public struct RequestPattern: Sendable {
        let matches: @Sendable (Request) -> Bool

        /// Requests that meet a condition.
        public init(_ condition: @escaping @Sendable (Request) -> Bool) { matches = condition }
    }
}

extension KubernetesTestServer.RequestPattern {
    /// All requests.
    public static let any = Self { _ in true }

    /// Lists of a resource, with each of their pages.
    public static func list(_ resource: KubernetesTestServer.Resource) -> Self { request("list", resource) }

    /// Pages of lists, except the first one.
    public static func furtherPage(of resource: KubernetesTestServer.Resource) -> Self {
        Self { $0.verb == "list" && $0.resource == resource && $0.query["continue"].map { !$0.isEmpty } ?? false }
    }

    /// Watches of a resource.
    public static func watch(_ resource: KubernetesTestServer.Resource) -> Self { request("watch", resource) }

    /// Requests with a verb of roles, such as `create`.
    public static func request(_ verb: String, _ resource: KubernetesTestServer.Resource) -> Self {
        Self { $0.verb == verb && $0.resource == resource }
    }

    /// Requests for a path.
    public static func path(_ path: String) -> Self { Self { $0.path == path } }
}
