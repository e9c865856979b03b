import Foundation
import Glibc
import IPVS

/// A page that was requested over HTTP.
struct Page: Equatable {
    let status: Int
    let contentType: String
    let body: String

    /// Requests a page without blocking a task's thread.
    static func ask(_ endpoint: Endpoint, _ path: String, method: String = "GET") async throws -> Page {
        try await apart { try askAndWait(endpoint, path, method: method) }
    }

    /// Sends a text, and returns the answer until the connection is closed.
    static func answer(_ endpoint: Endpoint, _ request: String) async throws -> String {
        try await apart { try answerAndWait(endpoint, request) }
    }

    /// Does blocking work on a separate thread: a machine with one core has only one for tasks.
    private static func apart<Value: Sendable>(_ wait: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try wait() }) }
        }
    }

    /// Requests a page repeatedly until the server is listening.
    static func askAndWait(_ endpoint: Endpoint, _ path: String, method: String = "GET") throws -> Page {
        try Page(answerAndWait(endpoint, "\(method) \(path) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"))
    }

    private static func answerAndWait(_ endpoint: Endpoint, _ request: String) throws -> String {
        let descriptor = try connection(to: endpoint)
        defer { close(descriptor) }
        let bytes = Array(request.utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count else { throw POSIXError(.EIO) }
        return try text(of: descriptor)
    }

    /// Sends more and more until nothing is accepted for half a minute, and returns the errno of the last send.
    static func sendWithoutEnd(_ endpoint: Endpoint, _ beginning: String) async throws -> Int32 {
        try await apart {
            let descriptor = try connection(to: endpoint)
            defer { close(descriptor) }
            var bytes = Array(beginning.utf8)
            while true {
                if send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)) > 0 {
                    bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
                    continue
                }
                let number = errno
                var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                guard number == EAGAIN, poll(&state, 1, 30_000) > 0 else { return number }
            }
        }
    }

    /// Connects as soon as the server is listening. That can take minutes while other tests keep all threads of tasks busy.
    static func connection(to endpoint: Endpoint) throws -> Int32 {
        for _ in 0..<6_000 {
            do {
                return try connectionAtOnce(to: endpoint)
            } catch let error as POSIXError where error.code == .ECONNREFUSED {
                usleep(50_000)
            }
        }
        throw POSIXError(.ECONNREFUSED)
    }

    /// Connects if the server is listening.
    static func connectionAtOnce(to endpoint: Endpoint) throws -> Int32 {
        let descriptor = try open(endpoint.address)
        if withSocketAddress(of: endpoint, { connect(descriptor, $0, $1) }) == 0 { return descriptor }
        let number = errno
        close(descriptor)
        throw POSIXError(.init(rawValue: number) ?? .EIO)
    }

    /// Whether nobody is listening.
    static func isRefused(_ endpoint: Endpoint) throws -> Bool {
        do {
            close(try connectionAtOnce(to: endpoint))
            return false
        } catch let error as POSIXError where error.code == .ECONNREFUSED {
            return true
        } catch let error as POSIXError where error.code == .ECONNRESET {
            // Somebody was, and has closed the port meanwhile.
            return false
        }
    }

    /// An endpoint with an unused port. If another process uses it first, a test fails.
    static func freeEndpoint(_ address: IPAddress) throws -> Endpoint {
        let descriptor = try open(address)
        defer { close(descriptor) }
        guard withSocketAddress(of: Endpoint(address, 0), { bind(descriptor, $0, $1) }) == 0 else {
            throw POSIXError(.init(rawValue: errno) ?? .EIO)
        }
        var name = [UInt8](repeating: 0, count: 128)
        var length = socklen_t(name.count)
        let result = name.withUnsafeMutableBytes { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { getsockname(descriptor, $0.baseAddress, &length) }
        }
        guard result == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        return Endpoint(address, UInt16(name[2]) << 8 | UInt16(name[3]))
    }

    private init(_ response: String) throws {
        let halves = response.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        let lines = halves[0].split(separator: "\r\n")
        guard halves.count == 2, let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { throw CocoaError(.fileReadCorruptFile) }
        let type = lines.first { $0.lowercased().hasPrefix("content-type: ") }
        self.init(status: status, contentType: String(type?.dropFirst(14) ?? ""), body: String(halves[1]))
    }

    init(status: Int, contentType: String, body: String) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    private static func open(_ address: IPAddress) throws -> Int32 {
        let descriptor = socket(Int32(address.family.rawValue), Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        return descriptor
    }

    private static func text(of descriptor: Int32) throws -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer.prefix(count)
        }
    }

    /// The C form of an endpoint: the family, the port, and the address, which for IPv6 follows after four more bytes.
    private static func withSocketAddress<Result>(
        of endpoint: Endpoint,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        let isIPv4 = endpoint.address.family == .ipv4
        var bytes = withUnsafeBytes(of: endpoint.address.family.rawValue, Array.init)
        bytes += withUnsafeBytes(of: endpoint.port.bigEndian, Array.init)
        bytes += isIPv4 ? endpoint.address.bytes : [0, 0, 0, 0] + endpoint.address.bytes
        bytes += [UInt8](repeating: 0, count: isIPv4 ? 8 : 4)
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(bytes.count)) }
        }
    }
}
