/// Requests of any netlink family and their answers over a channel, one at a time.
///
/// Whatever happens to one request, the next can be made: what is left of an answer is read or told apart by its
/// sequence number.
public struct NetlinkConnection: ~Copyable, Sendable {
    /// Why a request has no good answer.
    public enum Failure: Error, Hashable {
        /// The connection was closed before.
        case closed
        /// A system call failed before the request reached the kernel.
        case system(SystemError)
        /// The kernel refused.
        case kernel(KernelAnswer)
        /// The kernel does not have the generic netlink family, or does not have it any more.
        case familyNotFound(KernelAnswer)
        /// The kernel's reply can't be understood.
        case malformed(MalformedReply)
        /// There was an answer, or should have been, but it did not get here.
        case answerLost
        /// A list may have gaps, as what it tells of changed while it was made.
        case interrupted
        /// A reply of so many bytes did not fit into the buffer.
        case truncated(Int)
    }

    /// Which messages are the reply to a request, and how many bytes stand in each before what is of interest.
    public struct ReplyFormat {
        @usableFromInline let type: UInt16
        @usableFromInline let headerLength: Int

        @inlinable
        public init(type: UInt16, headerLength: Int) {
            (self.type, self.headerLength) = (type, headerLength)
        }
    }

    public internal(set) var channel: (any Channel)?
    @usableFromInline var sequence: UInt32 = 0

    /// A request that is made by itself.
    @usableFromInline var single = RequestBuffer(capacity: 8 * 1024)

    @usableFromInline var buffer: ReceiveBuffer

    /// The kernel makes no part of a dump longer than this; other replies are shorter still.
    public static let defaultBufferSize = 32 * 1024

    /// A connection over a channel, which it closes at its end; datagrams may have up to `bufferSize` bytes at first.
    public init(_ channel: any Channel, bufferSize: Int = defaultBufferSize) {
        self.channel = channel
        buffer = ReceiveBuffer(size: bufferSize)
    }

    public mutating func close() {
        channel?.close()
        channel = nil
    }

    deinit { channel?.close() }

    /// Makes a request of a type, or of its own if that is nil, and folds the messages of its reply into a result, which
    /// begins anew with `initial` where the request has to be made again: that is once, if its answer was lost and asking
    /// again is harmless, as it is for those that only read.
    @inlinable
    public mutating func exchange<Result>(
        _ request: borrowing some NetlinkRequest,
        type: UInt16? = nil,
        isRead: Bool,
        _ format: ReplyFormat,
        _ initial: () -> Result,
        _ fold: (inout Result, RawSpan) throws(MalformedReply) -> Void
    ) throws(Failure) -> Result {
        do throws(Failure) {
            return try exchangeOnce(request, type: type, isRead: isRead, format, initial, fold)
        } catch .truncated(let length) {
            buffer = ReceiveBuffer(size: max(length, 2 * buffer.size))
            guard isRead else { throw .answerLost }
        } catch .answerLost where isRead {
        } catch .kernel(let answer) where answer.isOverrun && isRead {
            // The list had no room beside what others had sent here, which has been read by now.
        }
        return try exchangeOnce(request, type: type, isRead: isRead, format, initial, fold)
    }

    @inlinable
    mutating func exchangeOnce<Result>(
        _ request: borrowing some NetlinkRequest,
        type: UInt16?,
        isRead: Bool,
        _ format: ReplyFormat,
        _ initial: () -> Result,
        _ fold: (inout Result, RawSpan) throws(MalformedReply) -> Void
    ) throws(Failure) -> Result {
        try send(request, type: type)
        var answer = Answer(initial(), format, sequence: sequence, port: channel?.port ?? 0)
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
                if isRead { answer.failure = answer.failure ?? .answerLost }
            } catch .system {
                throw answer.failure ?? .answerLost
            }
            // After a fault the end may never come. All that will come can be read without waiting.
            wait = answer.isSound && !overrun
        }
        if let failure = answer.failure { throw failure }
        return answer.result
    }

    /// Takes what belongs to an answer from a datagram that was received, the first or the second of two.
    @inlinable
    func read<Result>(
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
}

extension NetlinkConnection {
    @inlinable
    mutating func send(_ request: borrowing some NetlinkRequest, type: UInt16?) throws(Failure) {
        guard let channel else { throw .closed }
        single.removeAll()
        // A number that no earlier request has, so that late answers to those are told apart.
        sequence &+= 1
        guard single.append(request) else { throw .outOfMemory }
        try sendSingle(type: type, port: channel.port)
    }

    @usableFromInline
    mutating func sendSingle(type: UInt16?, port: UInt32) throws(Failure) {
        single.address(type: type, port: port, sequence: sequence, answers: .asked)
        try send(single)
    }

    /// Sends the requests of a buffer with one system call, under numbers that no earlier ones have; the kernel is to
    /// answer the last of them. Returns the number before the first.
    mutating func send(_ batch: inout RequestBuffer, type: UInt16?) throws(Failure) -> UInt32 {
        guard let channel else { throw .closed }
        let before = sequence
        batch.address(type: type, port: channel.port, sequence: before &+ 1, answers: .last)
        sequence &+= UInt32(batch.count)
        try send(batch)
        return before
    }

    /// Sends what is in a buffer.
    @usableFromInline
    func send(_ requests: borrowing RequestBuffer) throws(Failure) {
        try unsafe requests.withBytes { (bytes) throws(Failure) in
            try retrying { (channel) throws(SystemError) in try unsafe channel.send(bytes) }
        }
    }

    /// Calls `body` with what was received, as far as it fitted.
    @inlinable
    func withReceived(_ datagram: Datagram, isSecond: Bool = false, _ body: (RawSpan) -> Void) {
        buffer.withBytes(datagram.length, isSecond: isSecond, body)
    }

    /// Receives a datagram.
    func receive(wait: Bool) throws(Failure) -> Datagram {
        let first = unsafe buffer.first
        return try retrying { (channel) throws(SystemError) in try unsafe channel.receive(into: first, wait: wait) }
    }

    /// Receives a datagram, and another one if it is there already.
    @usableFromInline
    func receiveTwo(wait: Bool) throws(Failure) -> (Datagram, Datagram?) {
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

extension NetlinkConnection.Failure {
    public static let outOfMemory = Self.system(SystemError(errno: ENOMEM, call: .allocate))
}

extension KernelAnswer {
    @usableFromInline var isOverrun: Bool { errno == ENOBUFS }
}

extension SystemError {
    /// Whether the socket had no room for something that was sent to it.
    @usableFromInline var isOverrun: Bool { errno == ENOBUFS }
}
