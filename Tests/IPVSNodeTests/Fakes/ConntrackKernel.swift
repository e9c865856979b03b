import Foundation
import Glibc
import IPVS
import Netlink

/// Stands in for the kernel's ctnetlink: it has entries of tracked connections, which it lists and deletes. It shares no code
/// with what it checks. No node in memory has any.
final class ConntrackKernel: Channel, @unchecked Sendable {
    // Unchecked: the lock guards the state.

    /// A tracked connection.
    struct Entry: Hashable {
        var transport: TransportProtocol
        var source, destination, replySource: Endpoint
        var id: UInt32
        var zone: UInt16?
        var originalZone: UInt16?

        /// An entry of packets from one endpoint to another, which nothing translates unless another endpoint answers.
        init(
            _ source: Endpoint,
            _ destination: Endpoint,
            answeredBy replySource: Endpoint? = nil,
            transport: TransportProtocol = .udp,
            id: UInt32
        ) {
            self.transport = transport
            (self.source, self.destination, self.id) = (source, destination, id)
            self.replySource = replySource ?? destination
        }
    }

    /// A request as it was sent.
    struct Message {
        var type: UInt16
        var flags: UInt16
        var payload: [UInt8]

        var isList: Bool { type == 0x0101 }
    }

    /// The state, the sent messages, and the planned failures.
    struct State {
        var entries: [Entry] = []
        var sends: [[Message]] = []
        var pending: ArraySlice<[UInt8]> = []
        /// The errno for a message, which is then not carried out.
        var verdict: (Message) -> Int32? = { _ in nil }
        /// Called before a message is carried out.
        var interfere: (Message, inout State) -> Void = { _, _ in }
        /// The number of lists that are still to be interrupted.
        var interruptions = 0
    }

    let port: UInt32 = 0xcafe_0005
    let answerCapacity: Int
    private let lock = NSLock()
    private var state = State()

    init(answerCapacity: Int = 1_000, _ entries: [Entry] = []) {
        self.answerCapacity = answerCapacity
        state.entries = entries
    }

    func with<Result>(_ body: (inout State) -> Result) -> Result { lock.withLock { body(&state) } }

    /// The sent messages, one by one.
    var messages: [Message] { with { $0.sends.flatMap { $0 } } }

    func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        lock.withLock {
            var rest = Array(bytes)[...]
            var messages: [Message] = []
            while rest.count >= 16 {
                let length = Int(rest.number(UInt32.self, at: 0))
                let message = Message(
                    type: rest.number(UInt16.self, at: 4),
                    flags: rest.number(UInt16.self, at: 6),
                    payload: Array(rest.dropFirst(16).prefix(length - 16))
                )
                messages.append(message)
                state.pending += answers(to: message, Array(rest.dropFirst(8).prefix(8)))
                rest = rest.dropFirst((length + 3) & ~3)
            }
            state.sends.append(messages)
        }
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer, wait: Bool) throws(SystemError) -> Datagram {
        guard let bytes = with({ $0.pending.popFirst() }) else { throw SystemError(errno: EAGAIN, call: .receive) }
        buffer.copyBytes(from: bytes.prefix(buffer.count))
        return Datagram(length: bytes.count, sender: 0)
    }

    func close() {}

    private func answers(to message: Message, _ address: [UInt8]) -> [[UInt8]] {
        let interfere = state.interfere
        interfere(message, &state)
        let verdict = state.verdict(message)
        if message.isList, verdict == nil {
            let flags: UInt16 = state.interruptions > 0 ? 0x12 : 2
            state.interruptions = max(0, state.interruptions - 1)
            let replies = state.entries.map { datagram(0x0100, flags: flags, address, $0.payload) }
            return replies + [datagram(3, flags: 2, address, [0, 0, 0, 0])]
        }
        let errno = verdict ?? (message.type == 0x0102 ? delete(message) : EOPNOTSUPP)
        guard errno != 0 || message.flags & 4 != 0 else { return [] }
        let echo = [UInt8](repeating: 0, count: 16)
        return [datagram(2, flags: 0x100, address, [UInt8](littleEndian: -errno) + echo)]
    }

    private func delete(_ message: Message) -> Int32 {
        let asked = message.payload.attributes(from: 4)
        guard let tuple = asked[1] else {
            state.entries = []
            return 0
        }
        guard
            let place = state.entries.firstIndex(where: { entry in
                let own = entry.payload.attributes(from: 4)
                return entry.payload[0] == message.payload[0] && own[1] ?? [] == tuple.withoutFlags
                    && own[18] == asked[18]
                    && (asked[12] == nil || own[12] == asked[12])
            })
        else { return ENOENT }
        state.entries.remove(at: place)
        return 0
    }

    /// A message with the sequence number and port of the request that it answers.
    private func datagram(_ type: UInt16, flags: UInt16, _ address: [UInt8], _ payload: [UInt8]) -> [UInt8] {
        let port = [UInt8](littleEndian: port)
        let header = [UInt8](littleEndian: UInt32(payload.count + 16)) + [UInt8](littleEndian: type)
        return header + [UInt8](littleEndian: flags) + address.prefix(4) + port + payload
    }
}

extension ConntrackKernel.Entry {
    /// The kernel's message about it, without the netlink header.
    var payload: [UInt8] {
        let reply = Self(replySource, source, transport: transport, id: id)
        var bytes: [UInt8] = [UInt8(source.address.family.rawValue), 0, 0, 0]
        bytes += .attribute(1, tuple)
        if let zone { bytes += .attribute(18, [UInt8](bigEndian: zone)) }
        bytes += .attribute(2, reply.tuple)
        bytes += .attribute(3, [0, 0, 0, 8])
        bytes += .attribute(7, [0, 0, 0, 29])
        bytes += .attribute(12, [UInt8](bigEndian: id))
        return bytes
    }

    private var tuple: [UInt8] {
        let first = source.address.family == .ipv4 ? 1 : 3
        let addresses: [UInt8] =
            .attribute(first, source.address.bytes) + .attribute(first + 1, destination.address.bytes)
        var ports: [UInt8] = .attribute(1, [UInt8(transport.rawValue)])
        ports += .attribute(2, [UInt8](bigEndian: source.port))
        ports += .attribute(3, [UInt8](bigEndian: destination.port))
        var bytes: [UInt8] = .attribute(1, addresses) + .attribute(2, ports)
        if let originalZone { bytes += .attribute(3, [UInt8](bigEndian: originalZone)) }
        return bytes
    }
}

extension [UInt8] {
    fileprivate init(bigEndian number: some FixedWidthInteger) { self.init(littleEndian: number.byteSwapped) }
}

extension [UInt8] {
    /// The attributes without the flag of nested ones.
    fileprivate var withoutFlags: [UInt8] {
        attributes(from: 0).sorted { $0.key < $1.key }.flatMap { [UInt8].attribute($0.key, $0.value) }
    }
}
