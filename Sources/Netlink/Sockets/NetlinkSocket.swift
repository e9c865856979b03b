import CNetlinkShim

/// A netlink socket.
public final class NetlinkSocket: Channel {
    /// The port ID that the kernel assigned.
    public let port: UInt32

    /// See ``Channel/answerCapacity``.
    public let answerCapacity: Int
    private let descriptor: FileDescriptor

    private static let bufferSize: Int32 = 2 * 1024 * 1024

    /// The time limit for an answer. The kernel answers before `send` returns, or while a dump is read, so an answer
    /// that has not arrived after this time will never arrive.
    private static let patience = timeval(tv_sec: 10, tv_usec: 0)

    /// Enables a netlink socket option, such as `NETLINK_EXT_ACK`, if the kernel supports it.
    public func enable(_ option: Int32) { Self.enable(option, of: descriptor) }

    private static func enable(_ option: Int32, of descriptor: FileDescriptor) {
        var on: Int32 = 1
        _ = unsafe setsockopt(descriptor.number, SOL_NETLINK, option, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Takes ownership of a socket that is not bound yet.
    private init(adopting descriptor: FileDescriptor) throws(SystemError) {
        do {
            try Self.setOptions(descriptor)
            answerCapacity = try Self.answerCapacity(of: descriptor)
            port = try Self.bind(descriptor)
        } catch {
            descriptor.close()
            throw error
        }
        self.descriptor = descriptor
    }

    /// Opens a socket of a protocol, such as `NETLINK_GENERIC`, in the caller's network namespace.
    public convenience init(protocol: Int32) throws(SystemError) {
        try self.init(adopting: FileDescriptor(openingSocket: AF_NETLINK, Int32(SOCK_RAW.rawValue), `protocol`))
    }

    /// Opens a socket of a protocol in another network namespace.
    public convenience init(
        in namespace: HeldNamespace,
        protocol: Int32
    ) throws(SystemError) {
        try self.init(adopting: namespace.openSocket(AF_NETLINK, Int32(SOCK_RAW.rawValue), `protocol`))
    }

    private static func setOptions(_ descriptor: FileDescriptor) throws(SystemError) {
        // Kernels before 4.3 and 4.12 don't support these two, and aren't required to.
        for option in [NETLINK_CAP_ACK, NETLINK_EXT_ACK] { enable(option, of: descriptor) }
        var patience = patience
        let patienceSize = socklen_t(MemoryLayout<timeval>.size)
        _ = try succeed(.socketOption) {
            unsafe setsockopt(descriptor.number, SOL_SOCKET, SO_RCVTIMEO, &patience, patienceSize)
        }
        // Space for a whole batch, and for its errors. Without the privilege for this, every request would fail anyway.
        for option in [SO_SNDBUFFORCE, SO_RCVBUFFORCE] {
            var room = bufferSize
            _ = unsafe setsockopt(descriptor.number, SOL_SOCKET, option, &room, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    private static func answerCapacity(of descriptor: FileDescriptor) throws(SystemError) -> Int {
        var room: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        _ = try succeed(.socketOption) { unsafe getsockopt(descriptor.number, SOL_SOCKET, SO_RCVBUF, &room, &size) }
        // The kernel accounts some 770 bytes for each.
        return max(1, Int(room) / 1024)
    }

    /// Binds the socket and returns the port ID that the kernel assigned.
    private static func bind(_ descriptor: FileDescriptor) throws(SystemError) -> UInt32 {
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        var size = socklen_t(MemoryLayout<sockaddr_nl>.size)
        return try unsafe withSocketAddress(&address) { (pointer) throws(SystemError) in
            _ = try succeed(.bind) { unsafe bindSocket(descriptor.number, pointer, size) }
            _ = try succeed(.bind) { unsafe getsockname(descriptor.number, pointer, &size) }
            return unsafe UnsafeRawPointer(pointer).loadUnaligned(as: sockaddr_nl.self).nl_pid
        }
    }

    /// Sends a whole message to the kernel.
    public func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        // Without an address the message goes to the kernel. Netlink accepts a message as a whole or not at all.
        _ = try succeed(.send) { unsafe sendBytes(descriptor.number, bytes.baseAddress, bytes.count) }
    }

    /// Receives one datagram; see ``Channel/receive(into:wait:)``.
    public func receive(into buffer: UnsafeMutableRawBufferPointer, wait: Bool) throws(SystemError) -> Datagram {
        var sender = sockaddr_nl()
        var size = socklen_t(MemoryLayout<sockaddr_nl>.size)
        // MSG_TRUNC returns the full length of a datagram that does not fit.
        let flags = Int32(MSG_TRUNC) | (wait ? 0 : Int32(MSG_DONTWAIT))
        let length = try unsafe withSocketAddress(&sender) { (pointer) throws(SystemError) in
            try succeed(.receive) {
                unsafe recvfrom(descriptor.number, buffer.baseAddress, buffer.count, flags, pointer, &size)
            }
        }
        return Datagram(length: length, sender: sender.nl_pid)
    }

    /// Receives one or two datagrams; see ``Channel/receiveTwo(into:_:wait:)``.
    public func receiveTwo(
        into first: UnsafeMutableRawBufferPointer,
        _ second: UnsafeMutableRawBufferPointer,
        wait: Bool
    ) throws(SystemError) -> (Datagram, Datagram?) {
        guard let one = first.baseAddress, let other = second.baseAddress else {
            throw SystemError(errno: EFAULT, call: .receive)
        }
        var two = unsafe (
            cnetlink_datagram(buffer: one, capacity: first.count, length: 0, sender: 0),
            cnetlink_datagram(buffer: other, capacity: second.count, length: 0, sender: 0)
        )
        let count = unsafe withUnsafeMutablePointer(to: &two) { pair in
            unsafe pair.withMemoryRebound(to: cnetlink_datagram.self, capacity: 2) {
                unsafe cnetlink_receive_two(descriptor.number, $0, wait)
            }
        }
        guard count > 0 else { throw SystemError(errno: -count, call: .receive) }
        return unsafe (
            Datagram(length: two.0.length, sender: two.0.sender),
            count > 1 ? Datagram(length: two.1.length, sender: two.1.sender) : nil
        )
    }

    /// The network namespace of the socket, which may not be that of the calling thread.
    public func namespace() throws(SystemError) -> HeldNamespace { try HeldNamespace(of: descriptor.number) }

    /// Closes the socket.
    public func close() { descriptor.close() }
}

/// Calls `body` with a netlink address as the generic type that socket functions expect.
private func withSocketAddress<Result>(
    _ address: inout sockaddr_nl,
    _ body: (UnsafeMutablePointer<sockaddr>) throws(SystemError) -> Result
) throws(SystemError) -> Result {
    try unsafe withUnsafeMutablePointer(to: &address) { (pointer) throws(SystemError) in
        try unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { (pointer) throws(SystemError) in
            try unsafe body(pointer)
        }
    }
}

// Functions of the C library, under names that don't conflict with the methods above.

private func bindSocket(_ number: Int32, _ address: UnsafePointer<sockaddr>, _ size: socklen_t) -> Int32 {
    unsafe bind(number, address, size)
}

private func sendBytes(_ number: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe send(number, bytes, count, 0)
}
