import Metrics
import NIOConcurrencyHelpers
import NIOHTTP1

/// A client's metrics, under the names of Kubernetes' own clients.
final class ClientMetrics: Sendable {
    private let host: String
    private let factory: any MetricsFactory
    private let counters = NIOLockedValueBox<[[String]: Counter]>([:])
    private let timers = NIOLockedValueBox<[String: Timer]>([:])

    init(_ server: ServerURL, _ factory: any MetricsFactory) {
        host = server.authority
        self.factory = factory
    }

    /// Records the answer to a request, or that it had none.
    func answered(_ request: APIRequest, status: Int?) {
        let code = status.map { "\($0)" } ?? "<error>"
        let method = request.method.rawValue
        let counter = counters.withLockedValue { counters in
            if let counter = counters[[code, method]] { return counter }
            let counter = Counter(
                label: "rest_client_requests_total",
                dimensions: [("code", code), ("host", host), ("method", method)],
                factory: factory
            )
            counters[[code, method]] = counter
            return counter
        }
        counter.increment()
    }

    /// Records how long a request took that is not a watch.
    func took(_ duration: Duration, _ request: APIRequest) {
        let verb = request.method.rawValue
        let timer = timers.withLockedValue { timers in
            if let timer = timers[verb] { return timer }
            let timer = Timer(
                label: "rest_client_request_duration_seconds",
                dimensions: [("verb", verb), ("host", host)],
                factory: factory
            )
            timers[verb] = timer
            return timer
        }
        timer.record(duration: duration)
    }
}
