import CNetlinkShim

/// A netlink socket of the kernel.
public final class NetlinkSocket: Channel {
    public let port: UInt32
    public let answerCapacity: Int
    private let descriptor: FileDescriptor

    private static let bufferSize: Int32 = 2 * 1024 * 1024

    /// The kernel answers before a send returns, or while a dump is read; so this long means never.
    private static let patience = timeval(tv_sec: 10, tv_usec: 0)

    /// Switches an option of netlink on, such as `NETLINK_EXT_ACK`, where the kernel knows it.
    public func enable(_ option: Int32) { Self.enable(option, of: descriptor) }

    private static func enable(_ option: Int32, of descriptor: FileDescriptor) {
        var on: Int32 = 1
        _ = unsafe setsockopt(descriptor.number, SOL_NETLINK, option, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Takes over a socket that is not bound yet.
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
        let type = Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue)
        try self.init(adopting: FileDescriptor(try succeed(.socket) { socket(AF_NETLINK, type, `protocol`) }))
    }

    /// Opens a socket of a protocol in another network namespace.
    public convenience init(
        in namespace: HeldNamespace,
        protocol: Int32
    ) throws(SystemError) {
        try self.init(adopting: FileDescriptor(try namespace.openSocket(`protocol`)))
    }

    private static func setOptions(_ descriptor: FileDescriptor) throws(SystemError) {
        // Kernels that don't know these two, before 4.3 and 4.12, answer as well without them.
        for option in [NETLINK_CAP_ACK, NETLINK_EXT_ACK] { enable(option, of: descriptor) }
        var patience = patience
        let patienceSize = socklen_t(MemoryLayout<timeval>.size)
        _ = try succeed(.socketOption) {
            unsafe setsockopt(descriptor.number, SOL_SOCKET, SO_RCVTIMEO, &patience, patienceSize)
        }
        // Room for a whole batch and for the errors of one. Without the privilege for it every request would fail anyway.
        for option in [SO_SNDBUFFORCE, SO_RCVBUFFORCE] {
            var room = bufferSize
            _ = unsafe setsockopt(descriptor.number, SOL_SOCKET, option, &room, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    private static func answerCapacity(of descriptor: FileDescriptor) throws(SystemError) -> Int {
        var room: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        _ = try succeed(.socketOption) { unsafe getsockopt(descriptor.number, SOL_SOCKET, SO_RCVBUF, &room, &size) }
        // The kernel charges some 770 bytes for one.
        return max(1, Int(room) / 1024)
    }

    /// Binds, and returns the address that the kernel chose.
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

    public func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        // Without an address it goes to the kernel. Netlink takes a message whole or not at all.
        _ = try succeed(.send) { unsafe sendBytes(descriptor.number, bytes.baseAddress, bytes.count) }
    }

    public func receive(into buffer: UnsafeMutableRawBufferPointer, wait: Bool) throws(SystemError) -> Datagram {
        var sender = sockaddr_nl()
        var size = socklen_t(MemoryLayout<sockaddr_nl>.size)
        // MSG_TRUNC tells the real length of a datagram that does not fit.
        let flags = Int32(MSG_TRUNC) | (wait ? 0 : Int32(MSG_DONTWAIT))
        let length = try unsafe withSocketAddress(&sender) { (pointer) throws(SystemError) in
            try succeed(.receive) {
                unsafe recvfrom(descriptor.number, buffer.baseAddress, buffer.count, flags, pointer, &size)
            }
        }
        return Datagram(length: length, sender: sender.nl_pid)
    }

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

    /// The network namespace of the socket, wherever the calling thread has gone since.
    public func namespace() throws(SystemError) -> HeldNamespace { try HeldNamespace(of: descriptor.number) }

    public func close() { descriptor.close() }
}

/// Shows a netlink address to C as the general type that its socket calls take.
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

// The C library's functions, by names that no method above has.

private func bindSocket(_ number: Int32, _ address: UnsafePointer<sockaddr>, _ size: socklen_t) -> Int32 {
    unsafe bind(number, address, size)
}

private func sendBytes(_ number: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe send(number, bytes, count, 0)
}
