import CIPVS
import Glibc

/// A network namespace that is held open: it stays what it was, wherever a thread goes, and whatever becomes of the file
/// that stood for it.
package final class HeldNamespace: Sendable {
    private let descriptor: Int32

    private init(adopting descriptor: Int32) { self.descriptor = descriptor }

    deinit { _ = Glibc.close(descriptor) }

    /// The namespace that a file stands for; without one, that which the calling thread is in.
    package convenience init(_ namespace: NetworkNamespace?) throws(SystemError) {
        let path = namespace?.path ?? Self.callers
        self.init(adopting: try succeed("open") { unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC) })
    }

    /// The namespace that a socket belongs to.
    convenience init(of socket: Int32) throws(SystemError) {
        self.init(adopting: try succeed("ioctl") { cipvs_namespace_of_socket(socket) })
    }

    /// Opens a netlink socket of a protocol in the namespace.
    func openSocket(_ protocol: Int32) throws(SystemError) -> Int32 {
        let socket = cipvs_socket_in_namespace(descriptor, `protocol`)
        guard socket >= 0 else { throw SystemError(errno: -socket, call: "setns") }
        return socket
    }

    /// Opens a file with the flags of `open`, as a thread of the namespace would.
    ///
    /// - Throws: `SystemError` with the call `setns` where the namespace is none or may not be entered.
    package func openFile(_ path: String, _ flags: Int32) throws(SystemError) -> Int32 {
        // To enter the namespace that a thread is in takes a privilege for nothing.
        if try isCallers { return try succeed("open") { unsafe Glibc.open(path, flags | O_CLOEXEC) } }
        let file = unsafe cipvs_open_in_namespace(descriptor, path, flags)
        guard file >= 0 else {
            // A file of the kernel's that may not be opened is refused with another number.
            throw SystemError(errno: -file, call: [EINVAL, EPERM].contains(-file) ? "setns" : "open")
        }
        return file
    }

    /// Whether a path stands for something else; not if there is nothing.
    package func isAnother(behind path: String) -> Bool {
        do throws(SystemError) { return try !isBehind(path) } catch { return false }
    }

    /// Whether the calling thread is in it.
    private var isCallers: Bool {
        get throws(SystemError) { try isBehind(Self.callers) }
    }

    private func isBehind(_ path: String) throws(SystemError) -> Bool {
        var (own, other) = (stat(), stat())
        _ = try succeed("stat") { unsafe stat(path, &other) }
        _ = try succeed("fstat") { unsafe fstat(descriptor, &own) }
        return own.st_dev == other.st_dev && own.st_ino == other.st_ino
    }

    private static let callers = "/proc/thread-self/ns/net"
}

/// Calls a function of C's that returns a negative number and sets `errno` when it fails.
func succeed<Result: SignedInteger>(_ call: String, _ body: () -> Result) throws(SystemError) -> Result {
    let result = body()
    guard result >= 0 else { throw SystemError(errno: errno, call: call) }
    return result
}
