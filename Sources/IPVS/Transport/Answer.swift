import CIPVS

/// The answer to one request, while it comes in.
struct Answer<Result> {
    private(set) var result: Result
    private(set) var isComplete = false
    /// The first thing that went wrong. The answer is read to its end all the same: the next request needs that.
    var failure: Connection.Failure?

    private let type: UInt16
    private let sequence: UInt32
    private let port: UInt32

    init(_ initial: Result, type: UInt16, sequence: UInt32, port: UInt32) {
        result = initial
        self.type = type
        self.sequence = sequence
        self.port = port
    }

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
        switch Int32(message.type) {
        case NLMSG_ERROR, NLMSG_DONE:
            isComplete = true
            let answer = try KernelAnswer(message, in: bytes)
            if answer.errno != 0 { failure = failure ?? .kernel(answer) }
        case Int32(type):
            let attributes = message.payload.dropFirst(Netlink.genericHeaderLength)
            guard message.payload.count >= Netlink.genericHeaderLength else {
                throw MalformedReply(attribute: "a message", problem: "has no generic netlink header")
            }
            if failure == nil { try fold(&result, bytes.extracting(attributes)) }
        default: break
        }
    }
}
