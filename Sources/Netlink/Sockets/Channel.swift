/// What a connection needs of a netlink socket, call for call, so that tests can stand in for the kernel.
public protocol Channel: Sendable {
    /// The address that the kernel sends answers to.
    var port: UInt32 { get }

    /// How many acknowledgements and errors can wait here to be read; those beyond are lost.
    var answerCapacity: Int { get }

    /// Sends a whole message, or throws and sends nothing.
    func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError)

    /// Receives one datagram; what does not fit into the buffer is lost. Throws `EAGAIN` if none is there: at once, or
    /// if it is to wait, after a while that no kernel takes for an answer.
    func receive(into buffer: UnsafeMutableRawBufferPointer, wait: Bool) throws(SystemError) -> Datagram

    /// Receives one datagram as ``receive(into:wait:)`` does, and another one if it is there already: often an answer
    /// and its end.
    func receiveTwo(
        into first: UnsafeMutableRawBufferPointer,
        _ second: UnsafeMutableRawBufferPointer,
        wait: Bool
    ) throws(SystemError) -> (Datagram, Datagram?)

    /// Ends the channel; nothing else is called afterwards.
    func close()
}

extension Channel {
    public func receiveTwo(
        into first: UnsafeMutableRawBufferPointer,
        _ second: UnsafeMutableRawBufferPointer,
        wait: Bool
    ) throws(SystemError) -> (Datagram, Datagram?) {
        (try unsafe receive(into: first, wait: wait), nil)
    }
}

/// What was received: how long it was, fit or not, and from whom. The kernel's port is 0.
public struct Datagram {
    public var length: Int
    public var sender: UInt32

    public init(length: Int, sender: UInt32) { (self.length, self.sender) = (length, sender) }
}
