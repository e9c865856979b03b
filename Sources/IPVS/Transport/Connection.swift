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

    private(set) var channel: (any Channel)?
    var sequence: UInt32 = 0
    private var family: UInt16?

    /// A request that is made by itself.
    private var single = RequestBuffer(capacity: 8 * 1024)

    /// Room for the requests of a batch; nil while it is lent.
    private var bulk: RequestBuffer?

    private var buffer: ReceiveBuffer

    /// The kernel makes no part of a dump longer than this; other replies are shorter still.
    static let defaultBufferSize = 32 * 1024

    /// A connection over a channel, which it closes at its end; datagrams may have up to `bufferSize` bytes at first.
    init(_ channel: any Channel, bufferSize: Int = defaultBufferSize) {
        self.channel = channel
        buffer = ReceiveBuffer(size: bufferSize)
    }

    mutating func close() {
        channel?.close()
        channel = nil
    }

    deinit { channel?.close() }

    /// Makes a request of IPVS and folds the messages of its reply into a result, which begins anew with `initial` where
    /// the request has to be made again.
    mutating func perform<Result>(
        _ request: Request,
        _ initial: () -> Result,
        _ fold: (inout Result, RawSpan) throws(MalformedReply) -> Void
    ) throws(Failure) -> Result {
        let known = try knownFamily()
        do throws(Failure) {
            return try attempt(request, type: known, initial, fold)
        } catch .kernel(let answer) where answer.errno == ENOENT {
            // Either it is what the command means by it, or the module was unloaded and the family's number is void.
            let current = try resolveFamily()
            guard current != known else { throw .kernel(answer) }
            return try attempt(request, type: current, initial, fold)
        }
    }

    /// The number of IPVS's family, which is asked for if need be.
    mutating func knownFamily() throws(Failure) -> UInt16 {
        if let family { return family }
        return try resolveFamily()
    }

    /// Asks for the number of IPVS's family. It must be known before any request: the kernel acknowledges a message of
    /// type 0 and does nothing.
    @discardableResult
    mutating func resolveFamily() throws(Failure) -> UInt16 {
        family = nil
        let type: UInt16?
        do throws(Failure) {
            type = try attempt(.resolveFamily, type: UInt16(GENL_ID_CTRL), { nil as UInt16? }) {
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
        _ initial: () -> Result,
        _ fold: (inout Result, RawSpan) throws(MalformedReply) -> Void
    ) throws(Failure) -> Result {
        do throws(Failure) {
            return try exchange(request, type: type, initial, fold)
        } catch .truncated(let length) {
            buffer = ReceiveBuffer(size: max(length, 2 * buffer.size))
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
        _ initial: () -> Result,
        _ fold: (inout Result, RawSpan) throws(MalformedReply) -> Void
    ) throws(Failure) -> Result {
        try send(request, type: type)
        var answer = Answer(initial(), type: type, sequence: sequence, port: channel?.port ?? 0)
        var wait = true
        var overrun = false
        while !answer.isComplete {
            do throws(Failure) {
                let (first, second) = try receiveTwo(wait: wait)
                read(first, &answer, fold)
                if let second { read(second, isSecond: true, &answer, fold) }
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

    /// Takes what belongs to an answer from a datagram that was received, the first or the second of two.
    private func read<Result>(
        _ datagram: Datagram,
        isSecond: Bool = false,
        _ answer: inout Answer<Result>,
        _ fold: (inout Result, RawSpan) throws(MalformedReply) -> Void
    ) {
        // Other processes can send here too.
        guard datagram.sender == 0 else { return }
        if datagram.length > buffer.size { answer.failure = answer.failure ?? .truncated(datagram.length) }
        withReceived(datagram, isSecond: isSecond) { answer.read($0, fold) }
    }

    private mutating func send(_ request: Request, type: UInt16) throws(Failure) {
        guard let channel else { throw .closed }
        single.removeAll()
        // A number that no earlier request has, so that late answers to those are told apart.
        sequence &+= 1
        guard single.append(request) else { throw .outOfMemory }
        single.address(type: type, port: channel.port, sequence: sequence, answers: .asked)
        try send(single)
    }

    /// Sends what is in a buffer.
    func send(_ requests: borrowing RequestBuffer) throws(Failure) {
        try unsafe requests.withBytes { (bytes) throws(Failure) in
            try retrying { (channel) throws(SystemError) in try unsafe channel.send(bytes) }
        }
    }

    /// Lends a buffer for the requests of a batch, which keeps its templates from one batch to the next.
    mutating func takeBuffer() -> RequestBuffer { bulk.take() ?? RequestBuffer() }

    /// Takes a buffer back, and leaves one without room.
    mutating func giveBack(_ buffer: inout RequestBuffer) {
        var lent = RequestBuffer(capacity: 0)
        swap(&lent, &buffer)
        lent.removeAll()
        bulk = consume lent
    }

    /// Calls `body` with what was received, as far as it fitted.
    func withReceived(_ datagram: Datagram, isSecond: Bool = false, _ body: (RawSpan) -> Void) {
        buffer.withBytes(datagram.length, isSecond: isSecond, body)
    }

    /// Receives a datagram.
    func receive(wait: Bool) throws(Failure) -> Datagram {
        let first = unsafe buffer.first
        return try retrying { (channel) throws(SystemError) in try unsafe channel.receive(into: first, wait: wait) }
    }

    /// Receives a datagram, and another one if it is there already.
    private func receiveTwo(wait: Bool) throws(Failure) -> (Datagram, Datagram?) {
        let (first, second) = unsafe (buffer.first, buffer.second)
        return try retrying { (channel) throws(SystemError) in
            try unsafe channel.receiveTwo(into: first, second, wait: wait)
        }
    }

    /// Makes a call, and again as often as a signal interrupts it.
    private func retrying<Result>(
        _ call: (any Channel) throws(SystemError) -> Result
    ) throws(Failure) -> Result {
        guard let channel else { throw .closed }
        while true {
            do throws(SystemError) {
                return try call(channel)
            } catch let error where error.errno == EINTR {
                continue
            } catch {
                throw .system(error)
            }
        }
    }
}

extension Connection.Failure {
    static let outOfMemory = Self.system(SystemError(errno: ENOMEM, call: "nlmsg_alloc"))
}
