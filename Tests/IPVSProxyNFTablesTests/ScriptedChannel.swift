import Netlink

/// A kernel whose replies are given: each request gets the messages of its type.
final class ScriptedChannel: Channel {
    let port: UInt32 = 77
    let answerCapacity = 100

    /// A message type with the payloads of reply messages, or an error number.
    enum Reply {
        case messages(UInt16, [[UInt8]])
        case error(Int32)
    }

    private let replies: Lock<[Reply]>
    private let pending = Lock<[[UInt8]]>([])

    /// A kernel that answers requests in this order.
    init(_ replies: Reply...) { self.replies = Lock(replies) }

    func send(_ bytes: UnsafeRawBufferPointer) {
        let sequence = bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
        let reply = replies.withLock { $0.isEmpty ? .error(EIO) : $0.removeFirst() }
        let messages: [[UInt8]] =
            switch reply {
            case .messages(let type, let payloads):
                payloads.map { message(type, sequence, $0) } + [message(3, sequence, [0, 0, 0, 0])]
            case .error(let number):
                [message(2, sequence, withUnsafeBytes(of: -number, Array.init) + [UInt8](repeating: 0, count: 16))]
            }
        pending.withLock { $0 += messages }
    }

    private func message(_ type: UInt16, _ sequence: UInt32, _ payload: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        for word in [UInt32(16 + payload.count), UInt32(type), sequence, port] {
            bytes += withUnsafeBytes(of: word, Array.init)
        }
        return bytes + payload
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer, wait: Bool) throws(SystemError) -> Datagram {
        guard let next = pending.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else {
            throw SystemError(errno: EAGAIN, call: .receive)
        }
        buffer.copyBytes(from: next)
        return Datagram(length: next.count, sender: 0)
    }

    func close() {}
}
