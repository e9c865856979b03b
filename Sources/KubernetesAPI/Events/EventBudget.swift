/// How many events an object may have, so that one that is never at rest does not fill the server.
///
/// It corresponds to the spam filter of client-go: 25 at once, and then one in five minutes.
struct EventBudget {
    private static let burst = 25.0
    private static let refill = Duration.seconds(300)

    private var left = burst
    private var counted: ContinuousClock.Instant

    init(at now: ContinuousClock.Instant) { counted = now }

    /// Takes an event from the budget.
    ///
    /// - Parameter now: The time.
    /// - Returns: Whether the object may have it.
    mutating func take(at now: ContinuousClock.Instant) -> Bool {
        left = level(at: now)
        counted = now
        guard left >= 1 else { return false }
        left -= 1
        return true
    }

    /// Whether it is as if there had been no events.
    func isFull(at now: ContinuousClock.Instant) -> Bool { level(at: now) == Self.burst }

    private func level(at now: ContinuousClock.Instant) -> Double {
        min(Self.burst, left + counted.duration(to: now) / Self.refill)
    }
}
