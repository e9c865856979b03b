import CNetlinkShim
import Netlink

/// What a receive gets.
package enum Event: Sendable {
    /// A datagram from a port; the kernel's is 0.
    case datagram([UInt8], sender: UInt32)

    /// The first bytes of a datagram that does not fit.
    case truncated([UInt8])

    /// An error number.
    case failure(Int32)

    /// Nothing for a while; then the next event.
    case delay(Duration)
}

extension InMemoryKernel.Fault {
    /// The errno that the command is refused with instead of being executed.
    package var refusal: Int32? {
        if case .errno(let number) = kind { number } else { nil }
    }

    /// What the sender of a message gets instead of its answer.
    package func events(for answer: [[UInt8]], to message: ReceivedMessage, port: UInt32) -> [Event] {
        let events = answer.map { Event.datagram($0, sender: 0) }
        switch kind {
        case .errno: return events
        case .lostAnswer: return []
        case .overrun: return [.failure(ENOBUFS)]
        case .interruption: return [.failure(EINTR)] + events
        case .wrongSequence: return [Self.stray(message, port) { header, _ in header.sequence &-= 1 }] + events
        case .wrongPort: return [Self.stray(message, port) { header, _ in header.port ^= 1 }] + events
        case .otherSender: return [Self.stray(message, port) { _, sender in sender = 4_711 }] + events
        case .truncatedAnswer:
            return answer.prefix(1).map { .truncated(Array($0.prefix($0.count / 2))) } + events.dropFirst()
        case .malformedAnswer:
            return answer.prefix(1).map { .datagram(Array($0.dropLast(4)), sender: 0) } + events.dropFirst()
        case .shortAnswer:
            return answer.prefix(1).map { .datagram(Array($0.prefix(8)), sender: 0) } + events.dropFirst()
        case .lateAnswer: return [.failure(EAGAIN)] + events
        case .brokenSocket: return [.failure(EBADF)]
        case .changedList:
            guard message.isDump else { return events }
            return answer.map { .datagram(Self.marked($0, UInt16(NLM_F_DUMP_INTR)), sender: 0) }
        case .movedEntries:
            guard message.isDump, let first = answer.first else { return events }
            return [.datagram(Self.moved(first), sender: 0)] + events.dropFirst()
        case .listError(let number):
            guard message.isDump, let first = answer.first else { return events }
            return [.datagram(Self.cut(first, message, port, number), sender: 0)]
        case .doubledAnswer: return events + events
        case .delay(let time): return [.delay(time)] + events
        }
    }

    /// A datagram whose messages all have another flag.
    private static func marked(_ datagram: [UInt8], _ flag: UInt16) -> [UInt8] {
        ReceivedMessage.split(datagram).flatMap { message in
            var header = message.header
            header.flags |= flag
            return header.message(Array(message.bytes.dropFirst(Framing.headerLength)))
        }
    }

    /// A datagram of a list in which the first entry is there twice, and the last of several is missing.
    private static func moved(_ datagram: [UInt8]) -> [UInt8] {
        let messages = ReceivedMessage.split(datagram)
        var entries = messages.filter { $0.header.type != NLMSG_DONE }
        let end = messages.dropFirst(entries.count)
        if let first = entries.first {
            if entries.count > 1 { entries.removeLast() }
            entries.insert(first, at: 0)
        }
        return (entries + end).flatMap(\.bytes)
    }

    /// The first entry of a list, and an error as its end.
    private static func cut(_ datagram: [UInt8], _ request: ReceivedMessage, _ port: UInt32, _ errno: Int32) -> [UInt8]
    {
        let entry = ReceivedMessage.split(datagram).first { $0.header.type != NLMSG_DONE }
        var header = request.header
        header.type = UInt16(NLMSG_DONE)
        header.flags = UInt16(NLM_F_MULTI)
        header.port = port
        var writer = MessageWriter()
        writer.append(-errno)
        return Array(entry?.bytes ?? []) + header.message(writer.bytes)
    }

    /// An error that looks like the answer to a message, except for one thing.
    private static func stray(
        _ message: ReceivedMessage,
        _ port: UInt32,
        _ change: (inout MessageHeader, inout UInt32) -> Void
    ) -> Event {
        var header = message.header
        header.type = UInt16(NLMSG_ERROR)
        header.flags = UInt16(NLM_F_CAPPED)
        header.port = port
        var sender: UInt32 = 0
        change(&header, &sender)
        var writer = MessageWriter()
        writer.append(-EIO)
        writer.append(Array(message.bytes.prefix(Framing.headerLength)))
        return .datagram(header.message(writer.bytes), sender: sender)
    }
}
