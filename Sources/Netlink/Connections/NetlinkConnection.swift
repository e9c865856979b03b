/// Requests of any netlink family and their answers over a channel, one at a time.
///
/// After any failure the next request can be made: remains of an earlier answer are read, or recognized by their
/// sequence number.
public struct NetlinkConnection: ~Copyable, Sendable {
    /// Why a request has no valid answer.
    public enum Failure: Error, Hashable {
        /// The connection was closed before.
        case closed
        /// A system call failed before the kernel received the request.
        case system(SystemError)
        /// The kernel reported an error.
        case kernel(KernelAnswer)
        /// The kernel does not have the generic netlink family, or no longer has it.
        case familyNotFound(KernelAnswer)
        /// The kernel's reply can't be decoded.
        case malformed(MalformedReply)
        /// The kernel's answer did not arrive.
        case answerLost
        /// A dump may be inconsistent, as the kernel's data changed during the dump.
        case interrupted
        /// A reply with this number of bytes did not fit into the buffer.
        case truncated(Int)
    }

    /// The format of reply messages: their type, and the length of the family's header.
    public struct ReplyFormat {
        @usableFromInline let type: UInt16
        @usableFromInline let headerLength: Int

        /// Reply messages of a type, with a header of a length.
        @inlinable
        public init(type: UInt16, headerLength: Int) {
            (self.type, self.headerLength) = (type, headerLength)
        }
    }

    /// The channel; nil after the connection was closed.
    public internal(set) var channel: (any Channel)?
    @usableFromInline var sequence: UInt32 = 0

    /// The buffer for single requests.
    @usableFromInline var single = RequestBuffer(capacity: 8 * 1024)

    @usableFromInline var buffer: ReceiveBuffer

    /// The size of the receive buffer unless another one is requested. The parts of a dump are not longer than this,
    /// and other replies are shorter.
    public static let defaultBufferSize = 32 * 1024

    /// Creates a connection over a channel, which it closes when it is destroyed. Datagrams may initially have up to
    /// `bufferSize` bytes.
    public init(_ channel: any Channel, bufferSize: Int = defaultBufferSize) {
        self.channel = channel
        buffer = ReceiveBuffer(size: bufferSize)
    }

    /// Closes the channel. Later requests throw ``Failure/closed``.
    public mutating func close() {
        channel?.close()
        channel = nil
    }

    deinit { channel?.close() }

    /// Makes a request and folds the messages of its reply into a result.
    ///
    /// A request that only reads is repeated once if its answer was lost.
    /// - Parameters:
    ///   - request: The request.
    ///   - type: Its message type, or nil if the request has its own.
    ///   - isRead: Whether the request changes nothing.
    ///   - format: The format of the reply.
    ///   - initial: The initial result, of which a repeated request gets a new one.
    ///   - fold: Adds the payload of a message to the result.
    /// - Returns: The result.
    /// - Throws: ``Failure``.
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
            // The dump did not fit beside messages of other senders, which have been read by now.
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
                // A message was dropped, which may or may not belong to this answer. A dump may be incomplete now. For
                // a change only the final answer matters, which either arrives or doesn't.
                overrun = true
                if isRead { answer.failure = answer.failure ?? .answerLost }
            } catch .system {
                throw answer.failure ?? .answerLost
            }
            // After a failure the end may never arrive. Everything that will arrive can be read without waiting.
            wait = answer.isSound && !overrun
        }
        if let failure = answer.failure { throw failure }
        return answer.result
    }

    /// Reads the messages of a received datagram, the first or the second of two, that belong to an answer.
    @inlinable
    func read<Result>(
        _ datagram: Datagram,
        isSecond: Bool = false,
        _ answer: inout Answer<Result>,
        _ fold: (inout Result, RawSpan) throws(MalformedReply) -> Void
    ) {
        // Other processes can send to this socket too.
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
        // A number that no earlier request has, so that late answers to those are recognized.
        sequence &+= 1
        guard single.append(request) else { throw .outOfMemory }
        try sendSingle(type: type, port: channel.port)
    }

    @usableFromInline
    mutating func sendSingle(type: UInt16?, port: UInt32) throws(Failure) {
        single.address(type: type, port: port, sequence: sequence, answers: .asked)
        try send(single)
    }

    /// Sends the requests of a buffer with one system call, with sequence numbers that no earlier requests have, and
    /// asks for an answer to the last one. Returns the number before the first.
    mutating func send(_ batch: inout RequestBuffer, type: UInt16?) throws(Failure) -> UInt32 {
        guard let channel else { throw .closed }
        let before = sequence
        batch.address(type: type, port: channel.port, sequence: before &+ 1, answers: .last)
        sequence &+= UInt32(batch.count)
        try send(batch)
        return before
    }

    /// Sends the contents of a buffer.
    @usableFromInline
    func send(_ requests: borrowing RequestBuffer) throws(Failure) {
        try unsafe requests.withBytes { (bytes) throws(Failure) in
            try retrying { (channel) throws(SystemError) in try unsafe channel.send(bytes) }
        }
    }

    /// Calls `body` with the received bytes that fit into the buffer.
    @inlinable
    func withReceived(_ datagram: Datagram, isSecond: Bool = false, _ body: (RawSpan) -> Void) {
        buffer.withBytes(datagram.length, isSecond: isSecond, body)
    }

    /// Receives a datagram.
    func receive(wait: Bool) throws(Failure) -> Datagram {
        let first = unsafe buffer.first
        return try retrying { (channel) throws(SystemError) in try unsafe channel.receive(into: first, wait: wait) }
    }

    /// Receives a datagram, and a second one if it is already available.
    @usableFromInline
    func receiveTwo(wait: Bool) throws(Failure) -> (Datagram, Datagram?) {
        let (first, second) = unsafe (buffer.first, buffer.second)
        return try retrying { (channel) throws(SystemError) in
            try unsafe channel.receiveTwo(into: first, second, wait: wait)
        }
    }

    /// Makes a system call, and repeats it if a signal interrupts it.
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
    /// There was no memory for a message.
    public static let outOfMemory = Self.system(SystemError(errno: ENOMEM, call: .allocate))
}

extension KernelAnswer {
    @usableFromInline var isOverrun: Bool { errno == ENOBUFS }
}

extension SystemError {
    /// Whether the receive buffer of the socket was full.
    @usableFromInline var isOverrun: Bool { errno == ENOBUFS }
}
