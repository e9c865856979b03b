extension Duration {
    /// Reads a duration in Go's format, as Kubernetes' programs do: `500ms`, `30s`, `1m30s`, `1.5h` or `0`. Returns nil
    /// for anything else, including a negative duration.
    init?(goText text: String) {
        guard text != "0" else {
            self = .zero
            return
        }
        // As in Go, the Greek letter mu is as good as the sign for micro.
        let pattern = /([0-9]+)(?:\.([0-9]+))?(ns|us|\u{b5}s|\u{3bc}s|ms|s|m|h)/
        var duration = Duration.zero
        var rest = Substring(text)
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            guard let match = rest.prefixMatch(of: pattern), let nanoseconds = Self.units[match.3],
                let number = Int64(match.1), number <= Self.limit / nanoseconds
            else { return nil }
            duration += .nanoseconds(number * nanoseconds)
            if let fraction = match.2.flatMap({ Double("0.\($0)") }) {
                duration += .nanoseconds(Int64((fraction * Double(nanoseconds)).rounded()))
            }
            rest = rest[match.range.upperBound...]
        }
        guard duration <= .nanoseconds(Self.limit) else { return nil }
        self = duration
    }

    /// The greatest number of nanoseconds: a hundred years, well within what clocks can count.
    static let limit: Int64 = 100 * 365 * 86_400 * 1_000_000_000

    private static let units: [Substring: Int64] = [
        "ns": 1, "us": 1_000, "\u{b5}s": 1_000, "\u{3bc}s": 1_000, "ms": 1_000_000, "s": 1_000_000_000,
        "m": 60_000_000_000,
        "h": 3_600_000_000_000,
    ]
}
