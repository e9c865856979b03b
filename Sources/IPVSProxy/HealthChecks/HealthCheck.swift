public import IPVS

/// A node port at which a load balancer asks over HTTP whether the node has endpoints of a service, so that it sends
/// connections only to such nodes.
///
/// A proxier knows what is to be answered, see ``Proxier/healthChecks``. To answer is up to the program:
///
///     let answer = check.answer(isProxierHealthy: health.isHealthy(at: .now))
///     send(answer.status, answer.headers, answer.body)
public struct HealthCheck: Hashable, Sendable {
    /// The service.
    public let service: NamespacedName

    /// The port, for TCP.
    public let port: UInt16

    /// The addresses of the node to answer at, in order; nil for all, as without ``Proxier/Configuration/nodePortBlocks``.
    public let addresses: [IPAddress]?

    /// How many ready endpoints of the service are on this node.
    ///
    /// One that is terminating doesn't count, even if it still serves: a load balancer should leave the node before the endpoint
    /// is gone. An endpoint that has an address of each family counts once.
    public let localEndpoints: Int

    /// A health check.
    public init(service: NamespacedName, port: UInt16, addresses: [IPAddress]? = nil, localEndpoints: Int) {
        self.service = service
        self.port = port
        self.addresses = addresses
        self.localEndpoints = localEndpoints
    }
}

extension HealthCheck {
    /// The answer to any request, which is that of kube-proxy.
    public struct Answer: Hashable, Sendable {
        /// The status of HTTP: 200 if connections may be sent to the node, or 503.
        public let status: Int

        /// The headers, without those that depend on the connection.
        public let headers: [String: String]

        /// The body, in JSON.
        public let body: String
    }

    /// The answer to a request.
    ///
    /// - Parameter isProxierHealthy: Whether the proxier keeps up with changes, see ``Proxier/health``. Otherwise, the node gets
    ///   no connections, whatever endpoints it has.
    /// - Returns: The answer.
    public func answer(isProxierHealthy: Bool) -> Answer {
        Answer(
            status: localEndpoints > 0 && isProxierHealthy ? 200 : 503,
            headers: [
                "Content-Type": "application/json", "X-Content-Type-Options": "nosniff",
                "X-Load-Balancing-Endpoint-Weight": "\(localEndpoints)",
            ],
            body: """
                {
                \t"service": {
                \t\t"namespace": \(service.namespace.inJSON),
                \t\t"name": \(service.name.inJSON)
                \t},
                \t"localEndpoints": \(localEndpoints),
                \t"serviceProxyHealthy": \(isProxierHealthy)
                }
                """
        )
    }
}

extension String {
    /// The text as a string of JSON.
    fileprivate var inJSON: String {
        let characters = unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case "\0"..."\u{1f}": "\\u00\(scalar.value < 16 ? "0" : "")\(String(scalar.value, radix: 16))"
            default: "\(scalar)"
            }
        }
        return "\"\(characters.joined())\""
    }
}
