import CIPVS
import Glibc

/// A netlink socket of the kernel.
package final class NetlinkSocket: Channel {
    package let port: UInt32
    package let answerCapacity: Int
    private let descriptor: Int32

    private static let bufferSize: Int32 = 2 * 1024 * 1024

    /// The kernel answers before a send returns, or while a dump is read; so this long means never.
    private static let patience = timeval(tv_sec: 10, tv_usec: 0)

    /// Asks the kernel to list no more than what a request wants, as kernels do since 4.20.
    package func askForStrictLists() {
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        _ = unsafe setsockopt(descriptor, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, size)
    }

    /// Takes over a socket that is not bound yet.
    private init(adopting descriptor: Int32) throws(SystemError) {
        do {
            try Self.setOptions(descriptor)
            answerCapacity = try Self.answerCapacity(of: descriptor)
            port = try Self.bind(descriptor)
        } catch {
            _ = Glibc.close(descriptor)
            throw error
        }
        self.descriptor = descriptor
    }

    /// Opens a socket of a protocol in the caller's network namespace.
    package convenience init(protocol: Int32 = NETLINK_GENERIC) throws(SystemError) {
        let type = Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue)
        try self.init(adopting: try succeed("socket") { socket(AF_NETLINK, type, `protocol`) })
    }

    /// Opens a socket of a protocol in another network namespace.
    package convenience init(
        in namespace: NetworkNamespace,
        protocol: Int32 = NETLINK_GENERIC
    ) throws(SystemError) {
        try self.init(adopting: try HeldNamespace(namespace).openSocket(`protocol`))
    }

    private static func setOptions(_ descriptor: Int32) throws(SystemError) {
        // Kernels that don't know these two, before 4.3 and 4.12, answer as well without them.
        for option in [NETLINK_CAP_ACK, NETLINK_EXT_ACK] {
            var on: Int32 = 1
            _ = unsafe setsockopt(descriptor, SOL_NETLINK, option, &on, socklen_t(MemoryLayout<Int32>.size))
        }
        var patience = patience
        let patienceSize = socklen_t(MemoryLayout<timeval>.size)
        _ = try succeed("setsockopt") {
            unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, patienceSize)
        }
        // Room for a whole batch and for the errors of one. Without the privilege for it every request would fail anyway.
        for option in [SO_SNDBUFFORCE, SO_RCVBUFFORCE] {
            var room = bufferSize
            _ = unsafe setsockopt(descriptor, SOL_SOCKET, option, &room, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    private static func answerCapacity(of descriptor: Int32) throws(SystemError) -> Int {
        var room: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        _ = try succeed("getsockopt") { unsafe getsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, &size) }
        // The kernel charges some 770 bytes for one.
        return max(1, Int(room) / 1024)
    }

    /// Binds, and returns the address that the kernel chose.
    private static func bind(_ descriptor: Int32) throws(SystemError) -> UInt32 {
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        var size = socklen_t(MemoryLayout<sockaddr_nl>.size)
        return try unsafe withSocketAddress(&address) { (pointer) throws(SystemError) in
            _ = try succeed("bind") { unsafe Glibc.bind(descriptor, pointer, size) }
            _ = try succeed("getsockname") { unsafe getsockname(descriptor, pointer, &size) }
            return unsafe UnsafeRawPointer(pointer).loadUnaligned(as: sockaddr_nl.self).nl_pid
        }
    }

    package func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        // Without an address it goes to the kernel. Netlink takes a message whole or not at all.
        _ = try succeed("send") { unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, 0) }
    }

    package func receive(into buffer: UnsafeMutableRawBufferPointer, wait: Bool) throws(SystemError) -> Datagram {
        var sender = sockaddr_nl()
        var size = socklen_t(MemoryLayout<sockaddr_nl>.size)
        // MSG_TRUNC tells the real length of a datagram that does not fit.
        let flags = Int32(MSG_TRUNC) | (wait ? 0 : Int32(MSG_DONTWAIT))
        let length = try unsafe withSocketAddress(&sender) { (pointer) throws(SystemError) in
            try succeed("recv") {
                unsafe recvfrom(descriptor, buffer.baseAddress, buffer.count, flags, pointer, &size)
            }
        }
        return Datagram(length: length, sender: sender.nl_pid)
    }

    package func receiveTwo(
        into first: UnsafeMutableRawBufferPointer,
        _ second: UnsafeMutableRawBufferPointer,
        wait: Bool
    ) throws(SystemError) -> (Datagram, Datagram?) {
        guard let one = first.baseAddress, let other = second.baseAddress else {
            throw SystemError(errno: EFAULT, call: "recvmmsg")
        }
        var two = unsafe (
            cipvs_datagram(buffer: one, capacity: first.count, length: 0, sender: 0),
            cipvs_datagram(buffer: other, capacity: second.count, length: 0, sender: 0)
        )
        let count = unsafe withUnsafeMutablePointer(to: &two) { pair in
            unsafe pair.withMemoryRebound(to: cipvs_datagram.self, capacity: 2) {
                unsafe cipvs_receive_two(descriptor, $0, wait)
            }
        }
        guard count > 0 else { throw SystemError(errno: -count, call: "recvmmsg") }
        return unsafe (
            Datagram(length: two.0.length, sender: two.0.sender),
            count > 1 ? Datagram(length: two.1.length, sender: two.1.sender) : nil
        )
    }

    package func openFile(_ path: String) throws(SystemError) -> any ReadableFile {
        // The socket knows its namespace, wherever the calling thread has gone since.
        OpenFile(descriptor: try HeldNamespace(of: descriptor).openFile(path, O_RDONLY))
    }

    package func close() { _ = Glibc.close(descriptor) }
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
