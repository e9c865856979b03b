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

    /// Opens a socket with the arguments of `socket` in the namespace.
    func openSocket(_ domain: Int32, _ type: Int32, _ protocol: Int32) throws(SystemError) -> FileDescriptor {
        let socket = cnetlink_socket_in_namespace(descriptor.number, domain, type, `protocol`)
        guard socket >= 0 else { throw SystemError(errno: -socket, call: .enterNamespace) }
        return FileDescriptor(socket)
    }

    /// Opens a socket as ``openSocket(_:_:_:)`` does. It requires no privilege if the calling thread is in the namespace.
    func openOwnSocket(_ domain: Int32, _ type: Int32, _ protocol: Int32) throws(SystemError) -> FileDescriptor {
        let own = try FileDescriptor(openingSocket: domain, type, `protocol`)
        do throws(SystemError) {
            if try isSame(as: HeldNamespace(of: own.number)) { return own }
        } catch {
            // The kernel reveals the namespace of a socket only to the privileged, and /proc shows it to all, where it is mounted.
            // Without both, entering another namespace would fail too, so it has to be the caller's own.
            if error.errno == EPERM, (try? isCallers) ?? true { return own }
        }
        own.close()
        return try openSocket(domain, type, `protocol`)
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

    /// Calls `body` on a thread that is in the namespace: the calling thread if it is, or else a new one.
    ///
    /// - Throws: `SystemError` with ``SystemCall/enterNamespace`` if the namespace can't be entered.
    package func call(_ body: () -> Void) throws(SystemError) {
        // Entering the thread's own namespace would need a privilege for no reason.
        if (try? isCallers) == true { return body() }
        let result = withoutActuallyEscaping(body) { body in
            var call = body
            return unsafe withUnsafeMutablePointer(to: &call) { pointer in
                unsafe cnetlink_call_in_namespace(
                    descriptor.number,
                    { argument in unsafe argument?.load(as: (() -> Void).self)() },
                    pointer
                )
            }
        }
        guard result == 0 else { throw SystemError(errno: -result, call: .enterNamespace) }
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
        var other = stat()
        _ = try succeed(.status) { unsafe stat(path, &other) }
        return try isSame(as: other)
    }

    private func isSame(as other: HeldNamespace) throws(SystemError) -> Bool { try isSame(as: try other.status()) }

    private func isSame(as other: stat) throws(SystemError) -> Bool {
        let own = try status()
        return own.st_dev == other.st_dev && own.st_ino == other.st_ino
    }

    private func status() throws(SystemError) -> stat {
        var status = stat()
        _ = try succeed(.status) { unsafe fstat(descriptor.number, &status) }
        return status
    }

    private static let callers = "/proc/thread-self/ns/net"
}
