/// Whether a proxier keeps up with the changes that are reported to it.
///
/// It is a value that records when changes were reported and syncs were completed, and answers for any time:
///
///     let health = await proxier.health
///     if !health.isHealthy(at: .now) { … }
public struct Health<Instant: InstantProtocol<Duration>>: Hashable, Sendable {
    /// How long a change may wait: twice the sync period.
    public let timeout: Duration

    /// When the last sync was completed; nil if none was.
    public private(set) var lastFinished: Instant?

    /// Since when a change has been waiting that no sync has taken yet.
    private var waitingSince: Instant?

    /// Since when the oldest change that the current sync has taken had been waiting, or since when the sync has been running.
    private var takenSince: Instant?

    /// The health of a proxier that has nothing to do yet.
    package init(syncPeriod: Duration) { timeout = syncPeriod + syncPeriod }

    /// Records that a change was reported.
    package mutating func queued(at now: Instant) { waitingSince = waitingSince ?? now }

    /// Records that a sync has started, which takes all changes that were reported. Those that follow are for the next one.
    package mutating func started(at now: Instant) {
        takenSince = takenSince ?? waitingSince ?? now
        waitingSince = nil
    }

    /// Records that the sync was completed, even if it failed for single services: those should not take a node out of
    /// service. If a sync breaks off, this is not called, so that the changes it has taken are still waiting.
    package mutating func finished(at now: Instant) {
        lastFinished = now
        takenSince = nil
    }

    /// Whether no change is waiting, or the oldest one, or the last completed sync, is younger than the timeout.
    public func isHealthy(at now: Instant) -> Bool {
        guard let oldest = takenSince ?? waitingSince else { return true }
        return max(oldest, lastFinished ?? oldest).duration(to: now) < timeout
    }
}
