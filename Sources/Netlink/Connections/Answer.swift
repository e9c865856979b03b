import CNetlinkShim

/// The answer to one request while it is received.
@usableFromInline
struct Answer<Result> {
    @usableFromInline var result: Result
    @usableFromInline var isComplete = false
    /// The first failure. The answer is read to its end anyway, as the next request requires that.
    @usableFromInline var failure: NetlinkConnection.Failure?

    @usableFromInline let format: NetlinkConnection.ReplyFormat
    @usableFromInline let sequence: UInt32
    @usableFromInline let port: UInt32

    @inlinable
    init(_ initial: Result, _ format: NetlinkConnection.ReplyFormat, sequence: UInt32, port: UInt32) {
        result = initial
        self.format = format
        self.sequence = sequence
        self.port = port
    }

    /// Whether the end of the answer is certain to arrive. An interrupted dump has an end; a malformed one may not.
    @inlinable
    var isSound: Bool { failure == nil || failure == .interrupted }

    /// Reads the messages of a datagram that belong to the answer.
    @inlinable
    mutating func read(_ bytes: RawSpan, _ fold: (inout Result, RawSpan) throws(MalformedReply) -> Void) {
        do throws(MalformedReply) {
            var cursor = NetlinkCursor()
            while let message = try cursor.next(in: bytes) {
                // Remains of an earlier answer have another sequence number.
                guard message.sequence == sequence, message.port == port else { continue }
                try read(message, in: bytes, fold)
            }
        } catch {
            failure = failure ?? .malformed(error)
        }
    }

    @inlinable
    mutating func read(
        _ message: NetlinkMessage,
        in bytes: RawSpan,
        _ fold: (inout Result, RawSpan) throws(MalformedReply) -> Void
    ) throws(MalformedReply) {
        if message.isInterrupted { failure = failure ?? .interrupted }
        if message.isVerdict {
            isComplete = true
            let answer = try KernelAnswer(message, in: bytes)
            if answer.errno != 0 { failure = failure ?? .kernel(answer) }
        } else if message.type == format.type {
            guard message.payload.count >= format.headerLength else { throw message.lacksHeader }
            let rest = message.payload.dropFirst(format.headerLength)
            if failure == nil { try fold(&result, bytes.extracting(rest)) }
        }
    }
}

// Uses of C constants and string literals, which inlinable functions can't contain.
extension NetlinkMessage {
    /// Whether it belongs to a dump that is known to be inconsistent.
    @usableFromInline var isInterrupted: Bool { flags & UInt16(NLM_F_DUMP_INTR) != 0 }

    /// Whether it ends an answer.
    @usableFromInline var isVerdict: Bool { Int32(type) == NLMSG_ERROR || Int32(type) == NLMSG_DONE }

    @usableFromInline var lacksHeader: MalformedReply {
        MalformedReply(attribute: "a message", problem: "lacks its family's header")
    }
}
