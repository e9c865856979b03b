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

    /// Finds the rates at which the counters of one server go up.
    ///
    /// Every two seconds, at a time that it doesn't tell, the kernel adds to its counters what it has counted
    /// meanwhile. Looks that are closer together see the counters move at some and stand still at others; so a move is
    /// what was counted in two seconds, however far apart the looks are, and the next move tells the next rate. Looks
    /// that are far apart see several moves, and their rate is the average. Before the first move there is the kernel's
    /// own estimate, an average that takes ten seconds to follow.
    struct Meter {
        private(set) var rates: Rates
        private var counters: Statistics

        /// When the counters were looked at last.
        private var looked: Duration

        /// When they were seen to move last.
        private var moved: Duration

        /// How often the kernel adds to its counters.
        static let period = Duration.seconds(2)

        init(_ counters: Statistics, at time: Duration) {
            rates = Rates(counters.rates)
            self.counters = counters
            (looked, moved) = (time, time)
        }

        /// Takes a later look at the counters.
        mutating func look(_ counters: Statistics, at time: Duration) {
            guard let counted = Rates(from: self.counters, to: counters) else {
                // They were set to zero, or it is another server of the same name.
                self = Meter(counters, at: time)
                return
            }
            let interval = time - looked
            looked = time
            if counted != Rates() {
                rates = counted.divided(by: max(interval, Self.period) / .seconds(1))
                (moved, self.counters) = (time, counters)
            } else if time - moved > Self.period + min(interval, Self.period) / 2 {
                // The kernel has had nothing to add. Half an interval more, as looks are not exactly regular.
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

    /// What was counted between two looks; nil if a counter has gone down.
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
