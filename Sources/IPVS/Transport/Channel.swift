/// What a connection needs of a netlink socket, call for call, so that tests can stand in for the kernel.
protocol Channel: Sendable {
    /// The address that the kernel sends answers to.
    var port: UInt32 { get }

    /// Sends a whole message, or throws and sends nothing.
    func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError)

    /// Receives one datagram; what does not fit into the buffer is lost. Throws `EAGAIN` if none is there: at once, or
    /// if it is to wait, after a while that no kernel takes for an answer.
    func receive(into buffer: UnsafeMutableRawBufferPointer, wait: Bool) throws(SystemError) -> Datagram

    /// Ends the channel; nothing else is called afterwards.
    func close()
}

/// What was received: how long it was, fit or not, and from whom. The kernel's port is 0.
struct Datagram {
    var length: Int
    var sender: UInt32
}

/// A system call that failed.
struct SystemError: Error, Hashable {
    var errno: Int32
    var call: String
}
