import CoreMetrics

/// Tells when a sync has ended, by the metric that each sync records.
final class SyncSignal: MetricsFactory {
    private let (stream, continuation) = AsyncStream.makeStream(of: ContinuousClock.Instant.self)

    /// When syncs have ended.
    var ends: AsyncStream<ContinuousClock.Instant> { stream }

    private final class SyncTimer: TimerHandler {
        let continuation: AsyncStream<ContinuousClock.Instant>.Continuation

        init(_ continuation: AsyncStream<ContinuousClock.Instant>.Continuation) { self.continuation = continuation }

        func recordNanoseconds(_ duration: Int64) { continuation.yield(.now) }
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        guard label == "kubeproxy_sync_proxy_rules_duration_seconds" else { return NOOPMetricsHandler.instance }
        return SyncTimer(continuation)
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        NOOPMetricsHandler.instance
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        NOOPMetricsHandler.instance
    }

    func destroyCounter(_ handler: any CounterHandler) {}

    func destroyRecorder(_ handler: any RecorderHandler) {}

    func destroyTimer(_ handler: any TimerHandler) {}
}
