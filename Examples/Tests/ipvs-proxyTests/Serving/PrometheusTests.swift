import CoreMetrics
import Testing

@testable import ipvs_proxy

@Suite struct PrometheusMetrics {
    let registry = PrometheusRegistry()

    @Test func countersAndGauges() {
        Counter(label: "syncs.total", factory: registry).increment(by: 2)
        Counter(label: "syncs.total", factory: registry).increment()
        FloatingPointCounter(label: "seconds", factory: registry).increment(by: 0.5)
        Meter(label: "temperature", factory: registry).set(-3.5)
        Gauge(label: "queue", factory: registry).record(7)
        Gauge(label: "queue", factory: registry).record(4)
        #expect(
            registry.text(help: ["queue": "What waits.\nAnd \\ more."]) == #"""
                # HELP queue What waits.\nAnd \\ more.
                # TYPE queue gauge
                queue 4
                # TYPE seconds counter
                seconds 0.5
                # TYPE syncs_total counter
                syncs_total 3
                # TYPE temperature gauge
                temperature -3.5

                """#
        )
    }

    @Test func labels() {
        let pairs = [("code", "200"), ("a-path", "/\"a\"\n\\b")]
        Counter(label: "requests", dimensions: pairs, factory: registry).increment()
        Counter(label: "requests", dimensions: pairs.reversed(), factory: registry).increment()
        Counter(label: "requests", dimensions: [("code", "503")], factory: registry).increment()
        Counter(label: "requests", factory: registry).increment()
        #expect(
            registry.text() == #"""
                # TYPE requests counter
                requests 1
                requests{a_path="/\"a\"\n\\b",code="200"} 2
                requests{code="503"} 1

                """#
        )
    }

    @Test func histograms() {
        let timer = Timer(label: "duration_seconds", dimensions: [("kind", "full")], factory: registry)
        timer.recordNanoseconds(100_000)
        timer.recordNanoseconds(100_001)
        timer.recordMilliseconds(500)
        timer.recordSeconds(3600)
        let lines = registry.text().split(separator: "\n").map(String.init)
        #expect(lines.first == "# TYPE duration_seconds histogram")
        #expect(lines.contains(#"duration_seconds_bucket{kind="full",le="0.0001"} 1"#))
        #expect(lines.contains(#"duration_seconds_bucket{kind="full",le="0.0002"} 2"#))
        #expect(lines.contains(#"duration_seconds_bucket{kind="full",le="0.4096"} 2"#))
        #expect(lines.contains(#"duration_seconds_bucket{kind="full",le="0.8192"} 3"#))
        #expect(lines.contains(#"duration_seconds_bucket{kind="full",le="+Inf"} 4"#))
        #expect(
            lines.suffix(2) == [
                #"duration_seconds_sum{kind="full"} 3600.500200001"#, #"duration_seconds_count{kind="full"} 4"#,
            ]
        )
        #expect(lines.count == 1 + 21 + 2)
    }

    @Test func recorders() {
        Recorder(label: "size", factory: registry).record(0.3)
        #expect(registry.text().contains("size_sum 0.3\nsize_count 1\n"))
    }

    /// A page with a name of two types would be refused as a whole.
    @Test func aNameHasOneKind() {
        Counter(label: "a", factory: registry).increment()
        Gauge(label: "a", factory: registry).record(5)
        #expect(registry.text() == "# TYPE a counter\na 1\n")
    }

    @Test func countersNeverFall() {
        let counter = Counter(label: "a", factory: registry)
        counter.increment(by: 3)
        counter.increment(by: -1)
        #expect(registry.text() == "# TYPE a counter\na 3\n")
    }

    @Test(arguments: [("a.b-c", "a_b_c"), ("9a", "_9a"), ("ä", "_"), ("", "_")])
    func names(text: String, name: String) { #expect(PrometheusText.name(text) == name) }

    @Test(arguments: [
        (Double.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"), (1e15, "1000000000000000"), (0.1, "0.1"),
    ])
    func numbers(value: Double, text: String) {
        Meter(label: "a", factory: registry).set(value)
        #expect(registry.text() == "# TYPE a gauge\na \(text)\n")
    }
}
