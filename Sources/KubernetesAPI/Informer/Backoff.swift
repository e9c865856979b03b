/// The delays between failures in a row: exponential, with an upper bound and a random part.
struct Backoff: Sendable {
    private let first: Duration
    private let longest: Duration
    private var next: Duration

    init(first: Duration, longest: Duration) {
        (self.first, self.longest, next) = (first, longest, first)
    }

    /// Whether there was no failure since the last reset.
    var isFresh: Bool { next == first }

    /// The delay before the next attempt, which is at least as long as the server asks for.
    ///
    /// The random part keeps the nodes of a cluster from coming back all at once.
    mutating func delay(atLeast minimum: Duration?, random: Double = .random(in: 0..<1)) -> Duration {
        let delay = next * (1 + random)
        next = min(next * 2, longest)
        return max(delay, minimum.map { $0 + first * random } ?? .zero)
    }

    /// Begins with the first delay again.
    mutating func reset() { next = first }
}
