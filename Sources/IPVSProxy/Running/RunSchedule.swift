/// When the next run is due, from the requests and runs so far: the rules of ``BoundedFrequencyRunner`` without a clock.
///
/// - It is a token bucket. A run takes a token. There are `burst` tokens at first, and one is added for each `minInterval` in
///   which nothing runs, up to that number. With a burst of 1, `minInterval` passes between the end of a run and the start of
///   the next one.
/// - A request is due immediately and a retry at its time. In any case a run is due `maxInterval` after the last one. A run
///   fulfills all requests before its start.
struct RunSchedule<Instant: InstantProtocol<Duration>>: Sendable {
    private let minInterval: Duration
    private let maxInterval: Duration
    private let burst: Int

    private(set) var isRequested = false
    private var retryTime: Instant?

    /// When the last run ended, or the schedule began.
    private var idleSince: Instant

    private var tokens: Int

    /// How much of the time to the next token had passed by then; 0 while the bucket is full.
    private var progress: Duration = .zero

    init(from start: Instant, minInterval: Duration, maxInterval: Duration, burst: Int) {
        self.minInterval = minInterval
        self.maxInterval = maxInterval
        self.burst = burst
        idleSince = start
        tokens = burst
    }

    /// Requests a run as soon as one is allowed.
    mutating func request() { isRequested = true }

    /// Requests a run at a time, or as soon afterwards as one is allowed. An earlier request stays in force.
    mutating func retry(at time: Instant) { retryTime = min(retryTime ?? time, time) }

    /// When the next run is due, without further requests.
    var due: Instant {
        let period = idleSince.advanced(by: maxInterval)
        let wanted = isRequested ? idleSince : min(retryTime ?? period, period)
        return tokens > 0 ? wanted : max(wanted, idleSince.advanced(by: minInterval - progress))
    }

    /// Records the start of a run that is due.
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

    /// Records the end of the run.
    mutating func finish(at now: Instant) { idleSince = now }
}
