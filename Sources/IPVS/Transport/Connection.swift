import CIPVS
import Glibc

/// Requests and their answers over a channel, one at a time.
///
/// Whatever happens to one request, the next can be made: what is left of an answer is read or told apart by its
/// sequence number.
struct Connection: ~Copyable {
    /// Why a request has no good answer.
    enum Failure: Error, Hashable {
        /// The connection was closed before.
        case closed
        /// A system call failed before the request reached the kernel.
        case system(SystemError)
        /// The kernel refused.
        case kernel(KernelAnswer)
        /// The kernel has no IPVS, or has it no more.
        case unavailable(KernelAnswer)
        /// The kernel's reply can't be understood.
        case malformed(MalformedReply)
        /// There was an answer, or should have been, but it did not get here.
        case answerLost
        /// A reply of so many bytes did not fit into the buffer.
        case truncated(Int)
    }

    private var channel: (any Channel)?
    private var message: Message
    private var buffer: [UInt8]
    private var sequence: UInt32 = 0
    private var family: UInt16?

    /// The kernel makes no part of a dump longer than this; other replies are shorter still.
    static let defaultBufferSize = 32 * 1024

    init?(_ channel: any Channel, bufferSize: Int = defaultBufferSize) {
        guard let message = Message() else {
            channel.close()
            return nil
        }
        self.channel = channel
        self.message = message
        buffer = Array(repeating: 0, count: bufferSize)
    }

    mutating func close() {
        channel?.close()
        channel = nil
    }

    deinit { channel?.close() }

    /// Makes a request of IPVS and folds the messages of its reply into a result.
    mutating func perform<Result>(
        _ request: Request,
        _ initial: Result,
        _ fold: (inout Result, RawSpan) throws(MalformedReply) -> Void
    ) throws(Failure) -> Result {
        let known: UInt16
        if let family { known = family } else { known = try resolveFamily() }
        do throws(Failure) {
            return try attempt(request, type: known, initial, fold)
        } catch .kernel(let answer) where answer.errno == ENOENT {
            // Either it is what the command means by it, or the module was unloaded and the family's number is void.
            let current = try resolveFamily()
            guard current != known else { throw .kernel(answer) }
            return try attempt(request, type: current, initial, fold)
        }
    }

    /// Asks for the number of IPVS's family. It must be known before any request: the kernel acknowledges a message of
    /// type 0 and does nothing.
    @discardableResult
    mutating func resolveFamily() throws(Failure) -> UInt16 {
        family = nil
        let type: UInt16?
        do throws(Failure) {
            type = try attempt(.resolveFamily, type: UInt16(GENL_ID_CTRL), nil as UInt16?) {
                (family, bytes) throws(MalformedReply) in
                var cursor = AttributeCursor(.control)
                while let attribute = try cursor.next(in: bytes) {
                    guard attribute.type == Int(CTRL_ATTR_FAMILY_ID) else { continue }
                    family = try bytes.read(attribute, as: UInt16.self)
                }
            }
        } catch .kernel(let answer) where answer.errno == ENOENT {
            throw .unavailable(answer)
        }
        guard let type, type >= UInt16(NLMSG_MIN_TYPE) else {
            throw .malformed(AttributeSet.control.missing(Int(CTRL_ATTR_FAMILY_ID)))
        }
        family = type
        return type
    }

    /// Makes a request, and once more if its answer was lost and asking again is harmless.
    private mutating func attempt<Result>(
        _ request: Request,
        type: UInt16,
        _ initial: Result,
        _ fold: (inout Result, RawSpan) throws(MalformedReply) -> Void
    ) throws(Failure) -> Result {
        do throws(Failure) {
            return try exchange(request, type: type, initial, fold)
        } catch .truncated(let length) {
            buffer = Array(repeating: 0, count: max(length, buffer.count * 2))
            guard request.isRead else { throw .answerLost }
        } catch .answerLost where request.isRead {
        } catch .kernel(let answer) where answer.errno == ENOBUFS && request.isRead {
            // The list had no room beside what others had sent here, which has been read by now.
        }
        return try exchange(request, type: type, initial, fold)
    }

    private mutating func exchange<Result>(
        _ request: Request,
        type: UInt16,
        _ initial: Result,
        _ fold: (inout Result, RawSpan) throws(MalformedReply) -> Void
    ) throws(Failure) -> Result {
        try send(request, type: type)
        var answer = Answer(initial, type: type, sequence: sequence, port: channel?.port ?? 0)
        var wait = true
        var overrun = false
        while !answer.isComplete {
            do throws(Failure) {
                let datagram = try receive(wait: wait)
                // Other processes can send here too.
                guard datagram.sender == 0 else { continue }
                if datagram.length > buffer.count { answer.failure = answer.failure ?? .truncated(datagram.length) }
                // Unsafe for elements with padding; bytes have none.
                let bytes = unsafe buffer.span.bytes
                answer.read(bytes.extracting(0..<min(datagram.length, buffer.count)), fold)
            } catch .system(let error) where error.errno == ENOBUFS {
                // Something was dropped, perhaps not of this answer. A list may have a gap now; for a change only the
                // verdict counts, and that is there or is not.
                overrun = true
                if request.isRead { answer.failure = answer.failure ?? .answerLost }
            } catch .system {
                throw answer.failure ?? .answerLost
            }
            // After a fault the end may never come. All that will come can be read without waiting.
            wait = answer.failure == nil && !overrun
        }
        if let failure = answer.failure { throw failure }
        return answer.result
    }

    private mutating func send(_ request: Request, type: UInt16) throws(Failure) {
        guard let channel else { throw .closed }
        sequence &+= 1
        message.begin(
            type: type,
            flags: request.flags,
            sequence: sequence,
            port: channel.port,
            command: request.command,
            version: UInt8(IPVS_GENL_VERSION)
        )
        request.put(into: &message)
        while true {
            do throws(SystemError) {
                return try unsafe message.withBytes { (bytes) throws(SystemError) in try unsafe channel.send(bytes) }
            } catch let error where error.errno == EINTR {
                continue
            } catch {
                throw .system(error)
            }
        }
    }

    private mutating func receive(wait: Bool) throws(Failure) -> Datagram {
        guard let channel else { throw .closed }
        while true {
            do throws(SystemError) {
                // The array's own call does not pass on which type of error is thrown.
                let result = unsafe buffer.withUnsafeMutableBytes { bytes in
                    Result { () throws(SystemError) in try unsafe channel.receive(into: bytes, wait: wait) }
                }
                return try result.get()
            } catch let error where error.errno == EINTR {
                continue
            } catch {
                throw .system(error)
            }
        }
    }
}

/// The answer to one request, while it comes in.
private struct Answer<Result> {
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
