/// Prometheus' text format, version 0.0.4.
struct PrometheusText: CustomStringConvertible {
    private(set) var description = ""

    enum Kind: String {
        case counter, gauge, histogram
    }

    /// The labels that tell a series from others of its name, ordered by their names.
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

        /// The labels in braces, with one more behind them if there is one; nothing without any.
        fileprivate func text(bound: String? = nil) -> String {
            var pairs = zip(names, values).map { "\($0)=\"\($1)\"" }
            if let bound { pairs.append("le=\"\(bound)\"") }
            return pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}"
        }
    }

    /// What a series has to show.
    struct State: Hashable {
        /// What a counter has counted, what a gauge is at, or the sum of a histogram.
        private(set) var value: Double = 0

        /// How many values a histogram has for each bound, and above them all; empty for other kinds.
        private(set) var counts: [UInt64] = []

        /// The upper bounds of a histogram: seconds from a tenth of a millisecond to a good minute, as each doubles.
        static let bounds = (0..<20).map { 0.000_1 * Double(1 << $0) }

        init(_ kind: Kind) {
            if kind == .histogram { counts = Array(repeating: 0, count: Self.bounds.count + 1) }
        }

        mutating func add(_ amount: Double) { value += amount }

        mutating func record(_ newValue: Double) {
            guard !counts.isEmpty else { return value = newValue }
            value += newValue
            counts[Self.bounds.firstIndex { newValue <= $0 } ?? Self.bounds.count] += 1
        }

        mutating func reset() { value = 0 }
    }

    /// Begins a name, which all that is appended until the next one must be of.
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
        for (bound, more) in zip(State.bounds.map(Self.number) + ["+Inf"], state.counts) {
            count += more
            description += "\(name)_bucket\(labels.text(bound: bound)) \(count)\n"
        }
        description += "\(name)_sum\(labels.text()) \(Self.number(state.value))\n"
        description += "\(name)_count\(labels.text()) \(count)\n"
    }

    /// A name that Prometheus takes: what is no letter, digit or underscore is an underscore.
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
