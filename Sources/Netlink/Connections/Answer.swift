import CNetlinkShim

/// The answer to one request, while it comes in.
@usableFromInline
struct Answer<Result> {
    @usableFromInline var result: Result
    @usableFromInline var isComplete = false
    /// The first thing that went wrong. The answer is read to its end all the same: the next request needs that.
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

    /// Whether its end is sure to come: a list that was interrupted has one, one that can't be understood may not.
    @inlinable
    var isSound: Bool { failure == nil || failure == .interrupted }

    /// Takes from a datagram what belongs to the answer.
    @inlinable
    mutating func read(_ bytes: RawSpan, _ fold: (inout Result, RawSpan) throws(MalformedReply) -> Void) {
        do throws(MalformedReply) {
            var cursor = NetlinkCursor()
            while let message = try cursor.next(in: bytes) {
                // What an earlier request left behind has another number.
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

// What takes a C constant or makes a text, which can't be in a function that is compiled elsewhere.
extension NetlinkMessage {
    /// Whether it belongs to a list that is known to have gaps.
    @usableFromInline var isInterrupted: Bool { flags & UInt16(NLM_F_DUMP_INTR) != 0 }

    /// Whether it ends an answer.
    @usableFromInline var isVerdict: Bool { Int32(type) == NLMSG_ERROR || Int32(type) == NLMSG_DONE }

    @usableFromInline var lacksHeader: MalformedReply {
        MalformedReply(attribute: "a message", problem: "lacks its family's header")
    }
}
