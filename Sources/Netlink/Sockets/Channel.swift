/// The operations of a netlink socket that a connection needs. Tests provide their own.
public protocol Channel: Sendable {
    /// The port ID, to which the kernel sends answers.
    var port: UInt32 { get }

    /// The number of acknowledgements and errors that the receive buffer can hold. Further ones are lost.
    var answerCapacity: Int { get }

    /// Sends a whole message, or throws and sends nothing.
    func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError)

    /// Receives one datagram. Bytes that don't fit into the buffer are lost.
    ///
    /// - Throws: `SystemError` with `EAGAIN` if no datagram is available: at once, or if `wait` is true, after a time
    ///   limit that is longer than any kernel needs for an answer.
    func receive(into buffer: UnsafeMutableRawBufferPointer, wait: Bool) throws(SystemError) -> Datagram

    /// Receives one datagram as ``receive(into:wait:)`` does, and a second one if it is already available. Often these
    /// are an answer and its end.
    func receiveTwo(
        into first: UnsafeMutableRawBufferPointer,
        _ second: UnsafeMutableRawBufferPointer,
        wait: Bool
    ) throws(SystemError) -> (Datagram, Datagram?)

    /// Closes the channel. No other method is called afterwards.
    func close()
}

extension Channel {
    /// Receives one datagram.
    public func receiveTwo(
        into first: UnsafeMutableRawBufferPointer,
        _ second: UnsafeMutableRawBufferPointer,
        wait: Bool
    ) throws(SystemError) -> (Datagram, Datagram?) {
        (try unsafe receive(into: first, wait: wait), nil)
    }
}

/// A datagram that was received.
public struct Datagram {
    /// Its full length, even if it did not fit into the buffer.
    public var length: Int

    /// The port ID of the sender. That of the kernel is 0.
    public var sender: UInt32

    /// A datagram of a length from a sender.
    public init(length: Int, sender: UInt32) { (self.length, self.sender) = (length, sender) }
}
