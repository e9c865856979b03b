/// The summary of all runs of one program with one workload and one size.
struct Summary: Encodable {
    let workload: String
    let services: Int
    let realServers: Int
    let program: String
    let cold: Figure
    var warm: Figure?
    let peakBytes: Int?

    /// The first pass of each process, or the last.
    struct Figure: Encodable {
        /// The number of measurements.
        let runs: Int
        let medianSeconds: Double
        let lowestSeconds: Double
        let highestSeconds: Double
        /// The median, for programs that count them.
        let pageFaults: Int?
        /// The median as a multiple of the floor's.
        var ratio: Double?
        /// The median as a multiple of that at the smallest size.
        var growth: Double?

        init?(_ measurements: [Measurement]) {
            let seconds = measurements.map(\.seconds).sorted()
            guard let lowest = seconds.first, let highest = seconds.last, let median = seconds.median else {
                return nil
            }
            (runs, medianSeconds, lowestSeconds, highestSeconds) = (seconds.count, median, lowest, highest)
            pageFaults = measurements.compactMap(\.pageFaults).sorted().map(Double.init).median.map { Int($0) }
        }

        fileprivate func compared(to floor: Figure?, smallest: Figure?) -> Figure {
            var copy = self
            copy.ratio = floor.map { medianSeconds / $0.medianSeconds }
            copy.growth = smallest.map { medianSeconds / $0.medianSeconds }
            return copy
        }
    }

    private init?(_ group: [Measurement]) {
        let cold = Figure(group.filter { $0.pass == 1 })
        guard let first = group.first, let cold else { return nil }
        (workload, services, realServers) = (first.workload, first.services, first.realServers)
        program = first.program
        self.cold = cold
        let last = group.map(\.pass).max() ?? 1
        warm = last > 1 ? Figure(group.filter { $0.pass == last }) : nil
        peakBytes = group.compactMap(\.peakBytes).max()
    }

    private init(_ other: Summary, floor: Summary?, smallest: Summary?) {
        (workload, services, realServers) = (other.workload, other.services, other.realServers)
        (program, peakBytes) = (other.program, other.peakBytes)
        cold = other.cold.compared(to: floor?.cold, smallest: smallest?.cold)
        warm = other.warm?.compared(to: floor?.warm, smallest: smallest?.warm)
    }

    /// Summaries by size and workload, and the programs of each in the order in which they ran.
    static func all(of measurements: [Measurement]) -> [Summary] {
        struct Key: Hashable { let services: Int, workload: String, program: String }
        let groups = Dictionary(grouping: measurements) {
            Key(services: $0.services, workload: $0.workload, program: $0.program)
        }
        let summaries = groups.compactMapValues(Summary.init)
        let order = { (summary: Summary) in
            let turn = measurements.firstIndex {
                $0.services == summary.services && $0.workload == summary.workload && $0.program == summary.program
            }
            return (summary.services, summary.workload, turn ?? 0)
        }
        let smallest = measurements.map(\.services).min() ?? 0
        return summaries.values.sorted { order($0) < order($1) }.map { summary in
            Summary(
                summary,
                floor: summaries[Key(services: summary.services, workload: summary.workload, program: "floor")],
                smallest: summary.services == smallest
                    ? nil
                    : summaries[Key(services: smallest, workload: summary.workload, program: summary.program)]
            )
        }
    }
}

extension [Double] {
    /// The median of an ordered list.
    fileprivate var median: Double? {
        isEmpty ? nil : (self[(count - 1) / 2] + self[count / 2]) / 2
    }
}
