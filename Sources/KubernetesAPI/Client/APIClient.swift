public import Logging
public import Metrics

/// A client of a Kubernetes API server.
///
///     let client = APIClient(try .inCluster(), userAgent: "agent/1.0 (linux/amd64)")
///     var options = ListOptions()
///     options.limit = 500
///     let page = try await client.list(CoreV1.Service.self, options)
///     await client.shutdown()
///
/// It reads credentials again when they change or the server refuses them, and asks once more with the new ones. It repeats no
/// request otherwise: who asks decides when to ask again.
public final class APIClient: ObjectSource, Sendable {
    /// How long the server has for its answer, or for the next part of it. A watch has no such limit once it has begun.
    static let timeLimit = Duration.seconds(30)

    let configuration: ClientConfiguration
    let userAgent: String
    let session: ClientSession
    let metrics: ClientMetrics
    let timeLimit: Duration

    /// A client for a server. It connects when it is asked for something.
    ///
    /// - Parameters:
    ///   - configuration: The server and the credentials.
    ///   - userAgent: The name of the program, such as `agent/1.0 (linux/amd64)`, which the server logs.
    ///   - logger: Where it says that credentials changed, or can't be read again.
    ///   - metrics: Where the metrics `rest_client_requests_total` and `rest_client_request_duration_seconds` go, and
    ///     `rest_client_exec_plugin_call_total` if a program prints the credentials.
    public convenience init(
        _ configuration: ClientConfiguration,
        userAgent: String,
        logger: Logger = Logger(label: "KubernetesAPI.APIClient"),
        metrics: any MetricsFactory = MetricsSystem.factory
    ) {
        self.init(configuration, userAgent: userAgent, logger: logger, metrics: metrics, timeLimit: Self.timeLimit)
    }

    init(
        _ configuration: ClientConfiguration,
        userAgent: String,
        logger: Logger,
        metrics: any MetricsFactory = MetricsSystem.factory,
        timeLimit: Duration
    ) {
        self.configuration = configuration
        self.userAgent = userAgent
        self.timeLimit = timeLimit
        self.metrics = ClientMetrics(configuration.server, metrics)
        session = ClientSession(configuration, logger: logger, metrics: metrics)
    }

    /// Closes all connections. Requests and watches that are not finished end with an error, and so do later ones.
    ///
    /// Without it, connections are closed when the client and its watches are no longer referred to.
    public func shutdown() async { await session.shutDown() }
}
