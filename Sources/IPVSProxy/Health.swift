/// Whether a proxy keeps up with what it is told.
///
/// It is a value: it is told of each step with the time at which it happened, and answers for any time.
///
///     health.queued(at: clock.now)            // a change came
///     health.started(at: clock.now)           // a sync took it
///     health.finished(at: clock.now)          // and got through
///     health.isHealthy(at: clock.now)
public struct Health<Instant: InstantProtocol<Duration>>: Hashable, Sendable {
    /// How long a change may wait: twice the period of syncs.
    public let timeout: Duration

    /// When the last sync got through; nil if none has.
    public private(set) var lastFinished: Instant?

    /// Since when something has been waiting that no sync has taken yet.
    private var waitingSince: Instant?

    /// Since when the oldest of what the sync under way has taken had been waiting, or the sync itself has been under way.
    private var takenSince: Instant?

    /// The health of a proxy that syncs once in a period, if it has nothing to do besides.
    public init(syncPeriod: Duration) { timeout = syncPeriod + syncPeriod }

    /// A change came that a sync has to make so.
    public mutating func queued(at now: Instant) { waitingSince = waitingSince ?? now }

    /// A sync has started, and has taken all that was queued. What is queued from now on is for the next one.
    public mutating func started(at now: Instant) {
        takenSince = takenSince ?? waitingSince ?? now
        waitingSince = nil
    }

    /// The sync got through, whatever single services it failed for: those should not take a node out of service. One that
    /// broke off is not told, so that what it has taken is still waiting.
    public mutating func finished(at now: Instant) {
        lastFinished = now
        takenSince = nil
    }

    /// Whether nothing is waiting; or it, or the last sync that got through, is not as old as the timeout.
    public func isHealthy(at now: Instant) -> Bool {
        guard let oldest = takenSince ?? waitingSince else { return true }
        return max(oldest, lastFinished ?? oldest).duration(to: now) < timeout
    }
}
