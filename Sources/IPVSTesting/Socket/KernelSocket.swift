import CNetlinkShim
package import Netlink

/// A netlink socket of a kernel in memory.
package final class KernelSocket: Channel {
    package let port: UInt32
    package let answerCapacity = 4_096

    private let answer: @Sendable ([UInt8], UInt32) -> [Event]
    private let queue = Lock(Queue())

    private struct Queue: Sendable {
        var events: [Event] = []

        /// The number of events that were received. They are removed now and then.
        var received = 0

        mutating func next() -> Event? {
            guard received < events.count else { return nil }
            defer { received += 1 }
            return events[received]
        }

        mutating func append(_ more: [Event], capacity: Int) {
            if received == events.count { (events, received) = ([], 0) }
            let room = capacity - (events.count - received)
            events += more.prefix(room)
            if more.count > room { events.append(.failure(ENOBUFS)) }
        }
    }

    /// Opens a socket.
    ///
    /// - Parameters:
    ///   - port: Its port, by which a kernel knows it.
    ///   - answer: What the kernel does with the bytes of a send from a port, and what the socket then receives.
    package init(port: UInt32, answer: @escaping @Sendable ([UInt8], UInt32) -> [Event]) {
        (self.port, self.answer) = (port, answer)
    }

    package func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        let sent = unsafe Array(bytes)
        let events = answer(sent, port)
        queue.withLock { $0.append(events, capacity: answerCapacity) }
    }

    package func receive(into buffer: UnsafeMutableRawBufferPointer, wait: Bool) throws(SystemError) -> Datagram {
        while true {
            switch queue.withLock({ $0.next() }) {
            case .datagram(let bytes, let sender):
                unsafe buffer.copyBytes(from: bytes.prefix(buffer.count))
                return Datagram(length: bytes.count, sender: sender)
            case .truncated(let bytes):
                let filled = bytes.prefix(buffer.count) + Array(repeating: 0, count: max(0, buffer.count - bytes.count))
                unsafe buffer.copyBytes(from: filled)
                return Datagram(length: buffer.count + 1, sender: 0)
            case .failure(let errno): throw SystemError(errno: errno, call: .receive)
            case .delay(let time): Self.sleep(time)
            case nil: throw SystemError(errno: EAGAIN, call: .receive)
            }
        }
    }

    /// Blocks the thread, as a receive does while no answer is there.
    private static func sleep(_ time: Duration) {
        let end = ContinuousClock.now + time
        while true {
            // A signal can end it early, and it takes less than a second.
            let rest = min(ContinuousClock.now.duration(to: end) / .microseconds(1), 900_000)
            guard rest > 0 else { return }
            usleep(UInt32(rest.rounded(.up)))
        }
    }

    package func close() {}
}
