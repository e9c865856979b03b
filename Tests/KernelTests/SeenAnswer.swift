import CIPVS
import CNetlinkShim
import Glibc
import IPVS
import IPVSTestKernel
import Netlink

@testable import IPVSTesting

/// What a kernel sends for messages: everything but the numbers that differ from socket to socket.
struct SeenAnswer: Equatable {
    struct Part: Equatable {
        /// The message that is answered, by its place.
        var place: Int

        /// The type: a reply, an error or an end.
        var kind: String

        var flags: UInt16

        /// The command and the attributes of a reply; the error number and the attributes of an end.
        var bytes: [UInt8]
    }

    var parts: [Part] = []

    /// The answer with the entries of lists in any order, as the kernel's tables are hashed.
    var sorted: SeenAnswer {
        SeenAnswer(
            parts: parts.filter { $0.kind == "reply" }.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
                + parts.filter { $0.kind != "reply" }
        )
    }

    /// Whether no answer arrived.
    var isLost: Bool { parts.map(\.kind) == ["no answer"] }

    /// The number of messages that were answered without an error.
    var successes: Int {
        Set(parts.filter { $0.kind != "reply" && $0.bytes.starts(with: [0, 0, 0, 0]) }.map(\.place)).count
    }

    var description: String {
        parts.map {
            "\($0.place) \($0.kind) flags \($0.flags): \($0.bytes.map { String($0, radix: 16) }.joined(separator: " "))"
        }
        .joined(separator: "\n")
    }
}

/// A channel to a kernel, over which raw messages are sent.
final class Line {
    let channel: any Channel
    let family: UInt16

    /// An open socket keeps its namespace, whose table keeps the kernel's modules.
    deinit { channel.close() }

    init(_ channel: any Channel) throws {
        self.channel = channel
        family = try Self.resolve(channel)
    }

    /// Asks for the number of the family.
    private static func resolve(_ channel: any Channel) throws -> UInt16 {
        var writer = MessageWriter()
        writer.put(Int(CTRL_ATTR_FAMILY_NAME), "IPVS")
        let header = MessageHeader(
            type: UInt16(GENL_ID_CTRL),
            flags: UInt16(NLM_F_REQUEST | NLM_F_ACK),
            sequence: 1,
            port: channel.port
        )
        let message = header.message(command: UInt8(CTRL_CMD_GETFAMILY), version: 1, writer.bytes)
        let answer = try exchange(channel, [message], first: 1, family: UInt16(GENL_ID_CTRL))
        guard let reply = answer.parts.first(where: { $0.kind == "reply" }) else { throw TestFailure("no family") }
        var cursor = AttributeCursor(.control)
        let bytes = reply.bytes.span.bytes.extracting(droppingFirst: 4)
        while let attribute = try cursor.next(in: bytes) {
            if attribute.type == Int(CTRL_ATTR_FAMILY_ID) { return try bytes.read(attribute, as: UInt16.self) }
        }
        throw TestFailure("no number of a family")
    }

    /// Attributes without those that align 64-bit values, which depend on the processor and the position in the kernel's memory.
    ///
    /// - Parameters:
    ///   - bytes: The attributes, behind some other bytes.
    ///   - start: The number of the other bytes.
    ///   - nests: The nests on the way to the attributes that may be aligned.
    ///   - pad: The number of the attributes to leave out there.
    /// - Returns: All bytes but those.
    private static func withoutPads(_ bytes: ArraySlice<UInt8>, from start: Int, under nests: [[Int]], _ pad: Int)
        -> [UInt8]
    {
        var writer = MessageWriter()
        writer.append(Array(bytes.prefix(start)))
        var rest = bytes.dropFirst(start)
        while rest.count >= 4 {
            let length = Int(rest.integer(at: 0, as: UInt16.self))
            let type = Int(rest.integer(at: 2, as: UInt16.self))
            var payload = Array(rest.prefix(length).dropFirst(4))
            if nests.first?.contains(type & 0x3fff) == true {
                payload = withoutPads(payload[...], from: 0, under: Array(nests.dropFirst()), pad)
            }
            if !nests.isEmpty || type != pad { writer.put(type, payload) }
            rest = rest.dropFirst(Framing.aligned(length))
        }
        return writer.bytes
    }

    /// Sends messages with one call, and returns all that arrives until the last one is answered.
    func exchange(_ messages: [RandomMessage], acknowledging asked: [Bool], first: UInt32) -> SeenAnswer {
        let sent = messages.enumerated().map { place, message in
            let dump = message.isDump ? NLM_F_ROOT | NLM_F_MATCH : 0
            let header = MessageHeader(
                type: family,
                flags: UInt16(NLM_F_REQUEST | (asked[place] ? NLM_F_ACK : 0) | dump),
                sequence: first + UInt32(place),
                port: channel.port
            )
            let bytes = message.bytes(header)
            return bytes + Array(repeating: 0, count: Framing.aligned(bytes.count) - bytes.count)
        }
        do {
            return try Self.exchange(channel, sent, first: first, family: family)
        } catch let error as SystemError where error.errno == EAGAIN {
            return SeenAnswer(parts: [SeenAnswer.Part(place: 0, kind: "no answer", flags: 0, bytes: [])])
        } catch {
            return SeenAnswer(parts: [SeenAnswer.Part(place: 0, kind: "\(error)", flags: 0, bytes: [])])
        }
    }

    private static func exchange(
        _ channel: any Channel,
        _ messages: [[UInt8]],
        first: UInt32,
        family: UInt16
    ) throws -> SeenAnswer {
        let all = messages.flatMap { $0 }
        try all.withUnsafeBytes { try channel.send($0) }
        var answer = SeenAnswer()
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let received = try buffer.withUnsafeMutableBytes { try channel.receive(into: $0, wait: true) }
            let bytes = buffer.span.bytes.extracting(0..<received.length)
            var cursor = NetlinkCursor()
            while let message = try cursor.next(in: bytes) {
                let part = Self.part(message, bytes.extracting(message.payload), first: first, family: family)
                answer.parts.append(part)
                if part.kind != "reply", part.place == messages.count - 1 { return answer }
            }
        }
    }

    private static func part(_ message: NetlinkMessage, _ payload: RawSpan, first: UInt32, family: UInt16)
        -> SeenAnswer.Part
    {
        var bytes = payload.withUnsafeBytes { Array($0) }
        let kind: String
        switch Int32(message.type) {
        case NLMSG_ERROR:
            kind = "error"
            // The header of the request.
            bytes.removeSubrange(4..<20)
            bytes = withoutPads(bytes[...], from: 4, under: [[Int(NLMSGERR_ATTR_POLICY.rawValue)]], 11)
        case NLMSG_DONE: kind = "end"
        case Int32(family):
            kind = "reply"
            if family != UInt16(GENL_ID_CTRL), [IPVS_CMD_NEW_SERVICE, IPVS_CMD_NEW_DEST].contains(Int(bytes[0])) {
                let nests = [
                    [IPVS_CMD_ATTR_SERVICE, IPVS_CMD_ATTR_DEST], [IPVS_SVC_ATTR_STATS, IPVS_SVC_ATTR_STATS64],
                ]
                bytes = withoutPads(bytes[...], from: 4, under: nests, IPVS_STATS_ATTR_PAD)
            }
        default: kind = "type \(message.type)"
        }
        return SeenAnswer.Part(place: Int(message.sequence &- first), kind: kind, flags: message.flags, bytes: bytes)
    }
}
