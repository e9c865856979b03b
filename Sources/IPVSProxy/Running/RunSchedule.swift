/// When the next run is due, by what was asked for and what has run: the rules of ``BoundedFrequencyRunner`` without a
/// clock.
///
/// - Runs are paid for with tokens. There are `burst` of them at first, and one comes back each `minInterval` in which
///   nothing runs, up to that number. With a burst of 1 that is: `minInterval` passes between the end of a run and the
///   start of the next.
/// - A request is due at once, a retry at its time, and `maxInterval` after the last run another one is due in any case.
///   A run does for all that was asked for before its start.
struct RunSchedule<Instant: InstantProtocol<Duration>>: Sendable {
    private let minInterval: Duration
    private let maxInterval: Duration
    private let burst: Int

    private(set) var isRequested = false
    private var retryTime: Instant?

    /// When the last run was over, or the schedule began.
    private var idleSince: Instant

    private var tokens: Int

    /// How long the next token had been coming back by then; nothing comes back while all are there.
    private var progress: Duration = .zero

    init(from start: Instant, minInterval: Duration, maxInterval: Duration, burst: Int) {
        self.minInterval = minInterval
        self.maxInterval = maxInterval
        self.burst = burst
        idleSince = start
        tokens = burst
    }

    /// Asks for a run as soon as one may be.
    mutating func request() { isRequested = true }

    /// Asks for a run at a time, or as soon after it as one may be. If a sooner one has been asked for, that holds.
    mutating func retry(at time: Instant) { retryTime = min(retryTime ?? time, time) }

    /// When the next run is due, if nothing more is asked for.
    var due: Instant {
        let period = idleSince.advanced(by: maxInterval)
        let wanted = isRequested ? idleSince : min(retryTime ?? period, period)
        return tokens > 0 ? wanted : max(wanted, idleSince.advanced(by: minInterval - progress))
    }

    /// A run starts, which is due.
    mutating func start(at now: Instant) {
        progress += idleSince.duration(to: now)
        while tokens < burst, progress >= minInterval {
            tokens += 1
            progress -= minInterval
        }
        if tokens == burst { progress = .zero }
        tokens -= 1
        isRequested = false
        retryTime = nil
    }

    /// The run is over.
    mutating func finish(at now: Instant) { idleSince = now }
}
