import Foundation
import Glibc
import IPVS

/// A socket, in the namespace of the thread that creates it.
struct Socket: Hashable, Sendable {
    let descriptor: Int32

    init(descriptor: Int32) { self.descriptor = descriptor }

    init(_ transport: TransportProtocol, _ family: IPAddress.Family) throws(Errno) {
        let type = transport == .udp ? SOCK_DGRAM : SOCK_STREAM
        descriptor = Glibc.socket(Int32(family.rawValue), Int32(type.rawValue), Int32(transport.rawValue))
        guard descriptor >= 0 else { throw Errno.last }
    }

    /// Whether the kernel has a protocol, or can load it.
    static func isAvailable(_ transport: TransportProtocol) -> Bool {
        guard let socket = try? Socket(transport, .ipv4) else { return false }
        socket.close()
        return true
    }

    func close() { _ = Glibc.close(descriptor) }

    /// Ends a connection with a reset, which the kernel keeps for ten seconds instead of two minutes.
    func reset() {
        set(SOL_SOCKET, SO_LINGER, Glibc.linger(l_onoff: 1, l_linger: 0))
        close()
    }

    func set<Value: BitwiseCopyable>(_ level: Int32, _ option: Int32, _ value: Value) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Value>.size))
    }

    /// Limits how long connecting, sending and receiving may take.
    func setPatience(milliseconds: Int) {
        let patience = timeval(tv_sec: milliseconds / 1_000, tv_usec: milliseconds % 1_000 * 1_000)
        set(SOL_SOCKET, SO_SNDTIMEO, patience)
        set(SOL_SOCKET, SO_RCVTIMEO, patience)
    }

    func bind(_ address: IPAddress, port: UInt16 = 0) throws(Errno) {
        guard SocketAddress(address, port).withPointer({ Glibc.bind(descriptor, $0, $1) }) == 0 else {
            throw Errno.last
        }
    }

    func connect(_ address: IPAddress, port: UInt16) throws(Errno) {
        guard SocketAddress(address, port).withPointer({ Glibc.connect(descriptor, $0, $1) }) == 0 else {
            throw Errno.last
        }
    }

    func send(_ text: String) throws(Errno) {
        guard Glibc.send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL)) >= 0 else { throw Errno.last }
    }

    /// Receives a text, which is empty at the end of a connection.
    func receive() throws(Errno) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else { throw Errno.last }
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }

    /// How many segments a TCP socket had to send again.
    var retransmissions: UInt32 {
        // struct tcp_info, up to tcpi_total_retrans.
        var info = [UInt32](repeating: 0, count: 26)
        var size = socklen_t(104)
        guard getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &info, &size) == 0 else { return 0 }
        return info[25]
    }
}

/// A number of an error.
struct Errno: Error, Hashable, CustomStringConvertible {
    let code: Int32

    static var last: Errno { Errno(code: errno) }

    var description: String { String(cString: strerror(code)) }
}

/// An address and port as the socket calls have it.
struct SocketAddress {
    private var storage = sockaddr_storage()

    /// Room for any.
    init() {}

    init(_ storage: sockaddr_storage) { self.storage = storage }

    init(_ address: IPAddress, _ port: UInt16) {
        storage.ss_family = sa_family_t(address.family.rawValue)
        let start = address.family == .ipv4 ? 4 : 8
        withUnsafeMutableBytes(of: &storage) { bytes in
            bytes.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
            for (place, byte) in address.bytes.enumerated() { bytes[start + place] = byte }
        }
    }

    var address: IPAddress? {
        withUnsafeBytes(of: storage) { bytes in
            storage.ss_family == sa_family_t(AF_INET)
                ? IPAddress(bytes: Array(bytes[4..<8])) : IPAddress(bytes: Array(bytes[8..<24]))
        }
    }

    func withPointer<Value>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
        let isIPv4 = storage.ss_family == sa_family_t(AF_INET)
        let length = socklen_t(isIPv4 ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size)
        return withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    mutating func withMutablePointer<Value>(_ body: (UnsafeMutablePointer<sockaddr>, inout socklen_t) -> Value) -> Value
    {
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &length) }
        }
    }
}
