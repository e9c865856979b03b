import CNetlinkShim

/// A network namespace that is held open.
///
/// It stays the same and alive, even if threads enter other namespaces or the file that referred to it is deleted.
public final class HeldNamespace: Sendable {
    private let descriptor: FileDescriptor

    private init(adopting descriptor: FileDescriptor) { self.descriptor = descriptor }

    deinit { descriptor.close() }

    /// The namespace that a file refers to, or that of the calling thread if the path is nil.
    public convenience init(path: String?) throws(SystemError) {
        self.init(adopting: try FileDescriptor(opening: path ?? Self.callers, O_RDONLY, call: .openNamespace))
    }

    /// The namespace that a socket belongs to.
    convenience init(of socket: Int32) throws(SystemError) {
        let descriptor = cnetlink_namespace_of_socket(socket)
        guard descriptor >= 0 else { throw SystemError(errno: -descriptor, call: .ioctl) }
        self.init(adopting: FileDescriptor(descriptor))
    }

    /// Opens a netlink socket of a protocol in the namespace.
    func openSocket(_ protocol: Int32) throws(SystemError) -> Int32 {
        let socket = cnetlink_socket_in_namespace(descriptor.number, `protocol`)
        guard socket >= 0 else { throw SystemError(errno: -socket, call: .enterNamespace) }
        return socket
    }

    /// Opens a file with flags of `open`, as a thread in the namespace would.
    ///
    /// - Throws: `SystemError`, with ``SystemCall/enterNamespace`` if the namespace can't be entered or isn't one.
    public func openFile(_ path: String, _ flags: Int32) throws(SystemError) -> FileDescriptor {
        // Entering the thread's own namespace would need a privilege for no reason.
        if try isCallers { return try FileDescriptor(opening: path, flags) }
        let file = unsafe cnetlink_open_in_namespace(descriptor.number, path, flags)
        guard file >= 0 else {
            // If the kernel doesn't allow opening one of its files, the error number is another one.
            throw SystemError(errno: -file, call: [EINVAL, EPERM].contains(-file) ? .enterNamespace : .open)
        }
        return FileDescriptor(file)
    }

    /// Whether a path refers to another namespace. Returns false if there is no file.
    public func isAnother(behind path: String) -> Bool {
        do throws(SystemError) { return try !isBehind(path) } catch { return false }
    }

    /// Whether the calling thread is in this namespace.
    private var isCallers: Bool {
        get throws(SystemError) { try isBehind(Self.callers) }
    }

    private func isBehind(_ path: String) throws(SystemError) -> Bool {
        var (own, other) = (stat(), stat())
        _ = try succeed(.status) { unsafe stat(path, &other) }
        _ = try succeed(.status) { unsafe fstat(descriptor.number, &own) }
        return own.st_dev == other.st_dev && own.st_ino == other.st_ino
    }

    private static let callers = "/proc/thread-self/ns/net"
}
