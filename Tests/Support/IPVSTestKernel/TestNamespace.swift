import Foundation
import Glibc
public import IPVS

/// A network namespace of a test, with `lo` up, that is removed with this object.
public final class TestNamespace: Sendable {
    /// A file descriptor that refers to the namespace and keeps it alive.
    public let descriptor: Int32

    /// Creates a namespace, whose `lo` stays down if `loopback` is false.
    public init(loopback: Bool = true) throws {
        // A thread moves to a new namespace, opens it, and ends; no other thread is affected.
        descriptor = try onThread {
            guard unshare(networkNamespaceFlag) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EPERM) }
            if loopback { try setLoopbackUp() }
            let descriptor = Glibc.open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .ENOENT) }
            return descriptor
        }
    }

    deinit { Glibc.close(descriptor) }

    /// The path of a file that refers to the namespace, as long as this object exists.
    public var path: String { "/proc/\(getpid())/fd/\(descriptor)" }

    /// Opens a handle for the namespace.
    public func open() throws(IPVSError) -> Handle { try Handle(namespace: .path(path)) }

    /// Runs a command in the namespace and returns its standard output. It throws unless the command succeeds.
    @discardableResult
    public func run(_ command: String...) throws -> String {
        let result = try TestProcess.run(["nsenter", "--net=\(path)"] + command)
        guard result.status == 0 else { throw TestFailure("\(command.joined(separator: " ")): \(result.stderr)") }
        return result.stdout
    }

    /// Runs ipvsadm with the words of a line and returns its standard output. It throws unless ipvsadm succeeds.
    @discardableResult
    public func ipvsadm(_ line: String) throws -> String {
        let result = try TestProcess.run(["nsenter", "--net=\(path)", "ipvsadm"] + line.split(separator: " "))
        guard result.status == 0 else { throw TestFailure("ipvsadm \(line): \(result.stderr)") }
        return result.stdout
    }

    /// Returns the table as ipvsadm saves it, as sorted lines.
    public func saved() throws -> [String] { try ipvsadm("-Sn").split(separator: "\n").map(String.init).sorted() }
}

extension TestNamespace {
    /// Returns the whole table as the library lists it, which is faster than asking ipvsadm.
    public func table() throws -> [VirtualServer: Set<RealServer>] {
        let handle = try open()
        let services = try handle.virtualServers().map(\.server)
        return try Dictionary(
            uniqueKeysWithValues: services.map { ($0, Set(try handle.realServers(of: $0.id).map(\.server))) }
        )
    }
}
