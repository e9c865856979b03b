import CIPVS

/// The answer to one request, while it comes in.
struct Answer<Result> {
    private(set) var result: Result
    private(set) var isComplete = false
    /// The first thing that went wrong. The answer is read to its end all the same: the next request needs that.
    var failure: NetlinkConnection.Failure?

    private let format: NetlinkConnection.ReplyFormat
    private let sequence: UInt32
    private let port: UInt32

    init(_ initial: Result, _ format: NetlinkConnection.ReplyFormat, sequence: UInt32, port: UInt32) {
        result = initial
        self.format = format
        self.sequence = sequence
        self.port = port
    }

    /// Whether its end is sure to come: a list that was interrupted has one, one that can't be understood may not.
    var isSound: Bool { failure == nil || failure == .interrupted }

    /// Takes from a datagram what belongs to the answer.
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

    private mutating func read(
        _ message: NetlinkMessage,
        in bytes: RawSpan,
        _ fold: (inout Result, RawSpan) throws(MalformedReply) -> Void
    ) throws(MalformedReply) {
        if message.flags & UInt16(NLM_F_DUMP_INTR) != 0 { failure = failure ?? .interrupted }
        switch Int32(message.type) {
        case NLMSG_ERROR, NLMSG_DONE:
            isComplete = true
            let answer = try KernelAnswer(message, in: bytes)
            if answer.errno != 0 { failure = failure ?? .kernel(answer) }
        case Int32(format.type):
            guard message.payload.count >= format.headerLength else {
                throw MalformedReply(attribute: "a message", problem: "lacks its family's header")
            }
            let rest = message.payload.dropFirst(format.headerLength)
            if failure == nil { try fold(&result, bytes.extracting(rest)) }
        default: break
        }
    }
}
