import Dispatch
import Glibc

extension Top {
    /// An event while servers are displayed.
    enum Event: Sendable {
        /// The interval has passed.
        case tick
        /// The user has pressed keys.
        case input([UInt8])
        /// The terminal was resized.
        case resize
        /// The program continues after it was stopped.
        case resume
        /// There are no more keys, or a signal ends the program.
        case end
    }

    /// The events of a terminal and the signals, in the order in which they come.
    final class Events {
        let stream: AsyncStream<Event>
        private let continuation: AsyncStream<Event>.Continuation
        private var sources: [any DispatchSourceProtocol] = []
        private let queue = DispatchQueue(label: "ipvsctl.top")

        init(readingKeys: Bool) {
            let (stream, continuation) = AsyncStream.makeStream(of: Event.self)
            (self.stream, self.continuation) = (stream, continuation)
            for (number, event) in [
                (SIGINT, .end), (SIGTERM, .end), (SIGHUP, .end), (SIGWINCH, .resize), (SIGCONT, .resume),
            ] as [(Int32, Event)] {
                // Otherwise its default action would run first.
                if case .end = event { signal(number, SIG_IGN) }
                let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
                source.setEventHandler { continuation.yield(event) }
                sources.append(source)
            }
            if readingKeys {
                let source = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO, queue: queue)
                source.setEventHandler {
                    var bytes = [UInt8](repeating: 0, count: 64)
                    let count = read(STDIN_FILENO, &bytes, bytes.count)
                    continuation.yield(count > 0 ? .input(Array(bytes[..<count])) : .end)
                    if count <= 0 { continuation.finish() }
                }
                sources.append(source)
            }
            for source in sources { source.resume() }
        }

        deinit {
            for source in sources { source.cancel() }
            for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_DFL) }
        }

        /// Creates a tick at a time. Ticks are requested one at a time, so that they don't accumulate while the
        /// terminal blocks.
        func tick(at time: ContinuousClock.Instant) {
            Task { [continuation] in
                // It is never cancelled, the only error of a sleep.
                try? await Task.sleep(until: time, clock: .continuous)
                continuation.yield(.tick)
            }
        }
    }
}
