import Foundation
import Glibc
import Synchronization

/// A TCP server in a namespace, by default on its loopback interface, that echoes its input, or answers it with a text.
///
/// A socket that is left open, or that waits for a peer which doesn't exist any more, would keep its namespace and the
/// modules that the namespace uses. So all of them are closed with resets at the end.
public final class EchoServer: Sendable {
    private let listener: Int32
    private let clients = OpenSockets()

    /// Starts a server that listens on an IPv4 address, in the host's byte order, and a port.
    ///
    /// - Parameters:
    ///   - namespace: The namespace.
    ///   - address: The address; 0 for all.
    ///   - port: The port.
    ///   - answer: The answer to each part of the input; nil for the input.
    /// - Throws: An error if it can't listen there.
    public init(
        _ namespace: TestNamespace,
        at address: UInt32 = 127 << 24 | 1,
        port: UInt16,
        answer: String? = nil
    ) throws {
        let descriptor = namespace.descriptor
        listener = try onThread {
            guard enterNamespace(descriptor) == 0 else { throw TestFailure("setns") }
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            try withAddress(address, port) { bind(listener, $0, $1) }
            guard listen(listener, 16) == 0 else { throw TestFailure("listen: \(errno)") }
            return listener
        }
        let (listener, clients) = (listener, clients)
        Thread.detachNewThread {
            while case let client = accept(listener, nil, nil), client >= 0 {
                clients.add(client)
                Thread.detachNewThread { Self.serve(client, answer) }
            }
            close(listener)
        }
    }

    private static func serve(_ client: Int32, _ answer: String?) {
        var buffer = [UInt8](repeating: 0, count: 256)
        while case let count = read(client, &buffer, buffer.count), count > 0 {
            _ = answer.map { write(client, $0, $0.utf8.count) } ?? write(client, buffer, count)
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        clients.reset()
    }
}

/// The sockets of a server's clients.
private final class OpenSockets: Sendable {
    private let descriptors = Mutex<[Int32]>([])

    func add(_ descriptor: Int32) { descriptors.withLock { $0.append(descriptor) } }

    func reset() {
        for descriptor in descriptors.withLock({ $0 }) { resetAndClose(descriptor) }
    }
}

/// Ends a connection with a reset: the kernel keeps it for ten seconds, instead of two minutes after an orderly end.
public func resetAndClose(_ descriptor: Int32) {
    var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    // Wakes a thread that is waiting for input.
    shutdown(descriptor, Int32(SHUT_RD))
    close(descriptor)
}

/// A TCP connection from a namespace.
public final class TestConnection {
    private let descriptor: Int32
    private var isClosed = false

    /// Connects to an IPv4 address, in the host's byte order, and a port.
    public init(_ namespace: TestNamespace, to address: UInt32, port: UInt16) throws {
        let place = namespace.descriptor
        descriptor = try onThread {
            guard enterNamespace(place) == 0 else { throw TestFailure("setns") }
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            try withAddress(address, port) { connect(descriptor, $0, $1) }
            return descriptor
        }
    }

    deinit { close() }

    /// Sends a text, and returns what the server answers at once.
    public func answer(to request: String) -> String {
        var answer = [UInt8](repeating: 0, count: 4_096)
        guard write(descriptor, request, request.utf8.count) == request.utf8.count else { return "" }
        let count = read(descriptor, &answer, answer.count)
        return String(decoding: answer.prefix(max(0, count)), as: UTF8.self)
    }

    /// Whether the server still answers.
    public func isAlive() -> Bool {
        var answer = [UInt8](repeating: 0, count: 4)
        return write(descriptor, "ping", 4) == 4 && read(descriptor, &answer, 4) == 4 && answer == Array("ping".utf8)
    }

    /// Resets the connection, unless it is closed already.
    public func close() {
        guard !isClosed else { return }
        isClosed = true
        resetAndClose(descriptor)
    }
}

private func withAddress(
    _ address: UInt32,
    _ port: UInt16,
    _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
) throws {
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = port.bigEndian
    name.sin_addr.s_addr = address.bigEndian
    let result = withUnsafePointer(to: &name) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            call($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard result == 0 else { throw TestFailure("bind or connect: \(errno)") }
}

/// Sends a datagram from an address of the calling thread's namespace. Port 0 is any port.
public func sendDatagram(
    _ text: String,
    to server: (address: UInt32, port: UInt16),
    from client: (UInt32, UInt16)
) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    guard descriptor >= 0 else { throw TestFailure("socket: \(errno)") }
    defer { close(descriptor) }
    try withAddress(client.0, client.1) { bind(descriptor, $0, $1) }
    try withAddress(server.address, server.port) { address, size in
        let count = text.utf8.count
        return sendto(descriptor, text, count, 0, address, size) == count ? 0 : -1
    }
}
