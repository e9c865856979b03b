import IPVS

extension Top {
    /// Quantities per second.
    struct Rates: Hashable {
        var connections = 0.0
        var incomingPackets = 0.0
        var outgoingPackets = 0.0
        var incomingBytes = 0.0
        var outgoingBytes = 0.0
    }

    /// Measures the rates of one server's counters.
    ///
    /// The kernel updates its counters every two seconds, at unknown times. With short intervals, the counters change
    /// in some snapshots and not in others. A change is what was counted in two seconds, however long the intervals
    /// are, and the next change determines the next rate. With long intervals, a snapshot has several changes, and the
    /// rate is their average. Before the first change, the rate is the kernel's own estimate, an average that takes ten
    /// seconds to follow.
    struct Meter {
        private(set) var rates: Rates
        private var counters: Statistics

        /// The time of the last snapshot.
        private var looked: Duration

        /// The time of the last change.
        private var moved: Duration

        /// The interval at which the kernel updates its counters.
        static let period = Duration.seconds(2)

        init(_ counters: Statistics, at time: Duration) {
            rates = Rates(counters.rates)
            self.counters = counters
            (looked, moved) = (time, time)
        }

        /// Adds the counters of a later snapshot.
        mutating func look(_ counters: Statistics, at time: Duration) {
            guard let counted = Rates(from: self.counters, to: counters) else {
                // They were set to zero, or it is another server with the same name.
                self = Meter(counters, at: time)
                return
            }
            let interval = time - looked
            looked = time
            if counted != Rates() {
                rates = counted.divided(by: max(interval, Self.period) / .seconds(1))
                (moved, self.counters) = (time, counters)
            } else if time - moved > Self.period + min(interval, Self.period) / 2 {
                // The kernel has counted nothing. Half an interval more, as snapshots are not exactly regular.
                rates = Rates()
            }
        }
    }
}

extension Top.Rates {
    /// The kernel's estimates.
    init(_ estimates: Statistics.Rates) {
        connections = Double(estimates.connections)
        incomingPackets = Double(estimates.incomingPackets)
        outgoingPackets = Double(estimates.outgoingPackets)
        incomingBytes = Double(estimates.incomingBytes)
        outgoingBytes = Double(estimates.outgoingBytes)
    }

    /// The difference between two snapshots, or nil if a counter has decreased.
    fileprivate init?(from old: Statistics, to new: Statistics) {
        func difference(_ counter: KeyPath<Statistics, UInt64>) -> Double? {
            let (before, now) = (old[keyPath: counter], new[keyPath: counter])
            return now >= before ? Double(now - before) : nil
        }
        guard let connections = difference(\.connections), let incomingPackets = difference(\.incomingPackets),
            let outgoingPackets = difference(\.outgoingPackets), let incomingBytes = difference(\.incomingBytes),
            let outgoingBytes = difference(\.outgoingBytes)
        else { return nil }
        self.connections = connections
        self.incomingPackets = incomingPackets
        self.outgoingPackets = outgoingPackets
        self.incomingBytes = incomingBytes
        self.outgoingBytes = outgoingBytes
    }

    fileprivate func divided(by seconds: Double) -> Self {
        Self(
            connections: connections / seconds,
            incomingPackets: incomingPackets / seconds,
            outgoingPackets: outgoingPackets / seconds,
            incomingBytes: incomingBytes / seconds,
            outgoingBytes: outgoingBytes / seconds
        )
    }
}
