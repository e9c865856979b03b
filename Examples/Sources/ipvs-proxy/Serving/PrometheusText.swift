/// Prometheus' text format, version 0.0.4.
struct PrometheusText: CustomStringConvertible {
    private(set) var description = ""

    enum Kind: String {
        case counter, gauge, histogram
    }

    /// The labels that distinguish a series from others with the same name, ordered by name.
    struct Labels: Hashable, Comparable {
        private let names: [String]
        private let values: [String]

        init(_ pairs: [(String, String)]) {
            let sorted = pairs.sorted { $0.0 < $1.0 }
            names = sorted.map { PrometheusText.name($0.0) }
            values = sorted.map { PrometheusText.escaped($0.1).replacing("\"", with: "\\\"") }
        }

        static func < (left: Labels, right: Labels) -> Bool {
            left.values == right.values
                ? left.names.lexicographicallyPrecedes(right.names)
                : left.values.lexicographicallyPrecedes(right.values)
        }

        /// The labels in braces, followed by an additional one if there is one; empty without labels.
        fileprivate func text(bound: String? = nil) -> String {
            var pairs = zip(names, values).map { "\($0)=\"\($1)\"" }
            if let bound { pairs.append("le=\"\(bound)\"") }
            return pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}"
        }
    }

    /// The values of a series.
    struct State: Hashable {
        /// The value of a counter or a gauge, or the sum of a histogram.
        private(set) var value: Double = 0

        /// The upper bounds of a histogram, ascending.
        let bounds: [Double]

        /// The numbers of values of a histogram for each bound and above all bounds; empty for other kinds.
        private(set) var counts: [UInt64] = []

        init(_ kind: Kind, bounds: [Double] = HistogramBounds.standard) {
            self.bounds = kind == .histogram ? bounds : []
            if kind == .histogram { counts = Array(repeating: 0, count: bounds.count + 1) }
        }

        mutating func add(_ amount: Double) { value += amount }

        mutating func record(_ newValue: Double) {
            guard !counts.isEmpty else { return value = newValue }
            value += newValue
            counts[bounds.firstIndex { newValue <= $0 } ?? bounds.count] += 1
        }

        mutating func reset() { value = 0 }
    }

    /// Begins a metric name, to which all following series belong until the next one.
    mutating func begin(_ name: String, _ kind: Kind, help: String?) {
        if let help { description += "# HELP \(name) \(Self.escaped(help))\n" }
        description += "# TYPE \(name) \(kind.rawValue)\n"
    }

    mutating func append(_ name: String, _ labels: Labels, _ state: State) {
        guard !state.counts.isEmpty else {
            description += "\(name)\(labels.text()) \(Self.number(state.value))\n"
            return
        }
        var count: UInt64 = 0
        for (bound, more) in zip(state.bounds.map(Self.number) + ["+Inf"], state.counts) {
            count += more
            description += "\(name)_bucket\(labels.text(bound: bound)) \(count)\n"
        }
        description += "\(name)_sum\(labels.text()) \(Self.number(state.value))\n"
        description += "\(name)_count\(labels.text()) \(count)\n"
    }

    /// A valid Prometheus name: other characters than letters, digits and underscores are replaced with underscores.
    static func name(_ text: String) -> String {
        let name = String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
        return name.first?.isNumber != false ? "_\(name)" : name
    }

    fileprivate static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }

    private static func number(_ value: Double) -> String {
        switch value {
        case .infinity: "+Inf"
        case -.infinity: "-Inf"
        case _ where value.isNaN: "NaN"
        default: Int64(exactly: value).map(String.init) ?? "\(value)"
        }
    }
}
