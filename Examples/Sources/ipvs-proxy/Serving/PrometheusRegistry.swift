import CoreMetrics
import Synchronization

/// The metrics of a program in Prometheus' text format.
///
/// Meters, and recorders that don't aggregate, are gauges. Other recorders and timers are histograms. Timers are in
/// seconds.
final class PrometheusRegistry: MetricsFactory {
    private let families = Mutex<[String: Family]>([:])

    /// The upper bounds of histograms by name.
    private let bounds: [String: [Double]]

    /// A registry without metrics.
    ///
    /// - Parameter bounds: The upper bounds of histograms by name. All others have the standard ones.
    init(bounds: [String: [Double]] = HistogramBounds.ofKubeProxy) { self.bounds = bounds }

    /// The metrics with a name, which differ in their labels.
    private struct Family {
        let kind: PrometheusText.Kind
        var series: [PrometheusText.Labels: Series] = [:]
    }

    /// All metrics in Prometheus' text format, ordered by name.
    func text(help: [String: String] = [:]) -> String {
        let families = families.withLock { $0 }
        var text = PrometheusText()
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text.begin(name, family.kind, help: help[name])
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                text.append(name, labels, series.state)
            }
        }
        return text.description
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        CountSeries(series(label, dimensions, .counter))
    }

    func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        CountSeries(series(label, dimensions, .counter))
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        ValueSeries(series(label, dimensions, .gauge))
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        ValueSeries(series(label, dimensions, aggregate ? .histogram : .gauge))
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        TimeSeries(series(label, dimensions, .histogram))
    }

    // A metric that was scraped must not disappear later.
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    func destroyMeter(_ handler: any MeterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}

    /// The series with a name and labels.
    private func series(_ label: String, _ dimensions: [(String, String)], _ kind: PrometheusText.Kind) -> Series {
        let name = PrometheusText.name(label)
        let labels = PrometheusText.Labels(dimensions)
        return families.withLock { families in
            let family = families[name] ?? Family(kind: kind)
            // Two kinds of metrics with one name would make the whole page invalid, so the second one is not shown.
            guard family.kind == kind else { return Series(kind) }
            let series = family.series[labels] ?? Series(kind, bounds: bounds[name] ?? HistogramBounds.standard)
            families[name, default: family].series[labels] = series
            return series
        }
    }
}

/// The values of a name and labels.
private final class Series: Sendable {
    private let guarded: Mutex<PrometheusText.State>

    init(_ kind: PrometheusText.Kind, bounds: [Double] = []) {
        guarded = Mutex(PrometheusText.State(kind, bounds: bounds))
    }

    var state: PrometheusText.State { guarded.withLock { $0 } }

    func add(_ amount: Double) { guarded.withLock { $0.add(amount) } }
    func record(_ value: Double) { guarded.withLock { $0.record(value) } }
    func reset() { guarded.withLock { $0.reset() } }
}

// The handlers of swift-metrics for a series.

private final class CountSeries: CounterHandler, FloatingPointCounterHandler {
    private let series: Series
    init(_ series: Series) { self.series = series }

    func increment(by amount: Int64) { increment(by: Double(amount)) }
    // A counter never decreases.
    func increment(by amount: Double) { if amount > 0 { series.add(amount) } }
    func reset() { series.reset() }
}

private final class ValueSeries: MeterHandler, RecorderHandler {
    private let series: Series
    init(_ series: Series) { self.series = series }

    func set(_ value: Int64) { series.record(Double(value)) }
    func set(_ value: Double) { series.record(value) }
    func increment(by amount: Double) { series.add(amount) }
    func decrement(by amount: Double) { series.add(-amount) }
    func record(_ value: Int64) { series.record(Double(value)) }
    func record(_ value: Double) { series.record(value) }
}

private final class TimeSeries: TimerHandler {
    private let series: Series
    init(_ series: Series) { self.series = series }

    func recordNanoseconds(_ duration: Int64) { series.record(Double(duration) / 1e9) }
}
