import CNetlinkShim

/// A lock with a name in a network namespace, which one process at a time can hold.
///
/// The lock is a Unix socket with an abstract address. Such an address belongs to a network namespace, not to a file system:
/// containers that share the namespace share its locks. One socket can have it at a time, and the kernel frees it when the
/// process ends, however it ends. Another process that wants the lock connects to the socket, which shows who has it.
///
/// Any process of the namespace can take an address. So a lock counts as held only if its holder is privileged, see
/// ``LockHolder/isPrivileged``. An unprivileged process can make a lock ineffective, which is reported (``obstacle``), but it
/// can't keep others from their work.
public final class NamespaceLock: Sendable {
    /// The result of an attempt to take a lock.
    public enum Attempt: Sendable {
        case taken(NamespaceLock)
        case held(by: LockHolder)
    }

    /// Why the lock excludes nobody, as the second half of a sentence; nil if it does.
    public let obstacle: String?

    private let socket: Lock<FileDescriptor?>

    private init(_ socket: FileDescriptor?, obstacle: String? = nil) {
        self.socket = Lock(socket)
        self.obstacle = obstacle
    }

    deinit { release() }

    /// Takes a lock as soon as it is free.
    ///
    /// - Parameters:
    ///   - name: The name, of at most 107 bytes.
    ///   - namespace: The network namespace; nil for that of the calling thread.
    ///   - deadline: Until when to wait for another process. The thread is blocked meanwhile.
    ///   - onWait: Called once, before the thread is blocked.
    /// - Returns: The lock, or who holds it when the time is over.
    /// - Throws: `SystemError` if no socket can be opened in the namespace.
    public static func take(
        _ name: String,
        in namespace: HeldNamespace?,
        until deadline: ContinuousClock.Instant,
        onWait: (LockHolder) -> Void = { _ in }
    ) throws(SystemError) -> Attempt {
        var (isWaiting, silence) = (false, 0)
        while true {
            let socket = try openSocket(in: namespace)
            if try listen(socket, at: name) { return .taken(NamespaceLock(socket)) }
            // It can still be used to connect.
            defer { socket.close() }
            switch try connect(socket, to: name) {
            case .connected:
                let holder = try LockHolder(listeningTo: socket)
                guard holder.isPrivileged else { return .taken(NamespaceLock(nil, obstacle: obstacle(holder))) }
                let rest = ContinuousClock.now.duration(to: deadline)
                guard rest > .zero else { return .held(by: holder) }
                if !isWaiting { onWait(holder) }
                (isWaiting, silence) = (true, 0)
                try waitForEnd(of: socket, rest)
            case .refused:
                // Its process has just ended, or does not listen yet. Who never listens can't be determined.
                silence += 1
                guard silence < 100 else { return .taken(NamespaceLock(nil, obstacle: obstacle(nil))) }
                usleep(1_000)
            case .impossible: return .taken(NamespaceLock(nil, obstacle: obstacle(nil)))
            }
        }
    }

    /// Who holds a lock at this moment; nil if nobody does, or nobody who may.
    public static func holder(
        of name: String,
        in namespace: HeldNamespace?
    ) throws(SystemError) -> LockHolder? {
        let socket = try openSocket(in: namespace)
        defer { socket.close() }
        guard case .connected = try connect(socket, to: name) else { return nil }
        let holder = try LockHolder(listeningTo: socket)
        return holder.isPrivileged ? holder : nil
    }

    /// Releases the lock. To release it again does nothing.
    public func release() {
        socket.withLock { socket in
            socket?.close()
            socket = nil
        }
    }

    /// Ends the connections of processes that wait or have waited, so that there is always room for others. Those that still
    /// wait connect again. A process that holds a lock for longer than hours does this now and then.
    public func endPendingConnections() {
        socket.withLock { socket in
            if let socket { cnetlink_end_pending(socket.number) }
        }
    }

    private static func obstacle(_ holder: LockHolder?) -> String {
        guard let holder else { return "a process that can't be determined has its address" }
        return "\(holder), which lacks CAP_NET_ADMIN, has its address"
    }
}

// MARK: - Sockets

extension NamespaceLock {
    private enum Connection { case connected, refused, impossible }

    private static func openSocket(in namespace: HeldNamespace?) throws(SystemError) -> FileDescriptor {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue)
        guard let namespace else { return try FileDescriptor(openingSocket: AF_UNIX, type, 0) }
        return try namespace.openOwnSocket(AF_UNIX, type, 0)
    }

    /// Takes an address. Returns false if another socket has it.
    private static func listen(_ socket: FileDescriptor, at name: String) throws(SystemError) -> Bool {
        let result = unsafe cnetlink_listen_at(socket.number, name)
        if result == 0 { return true }
        if result == -EADDRINUSE { return false }
        socket.close()
        throw SystemError(errno: -result, call: .bind)
    }

    private static func connect(_ socket: FileDescriptor, to name: String) throws(SystemError) -> Connection {
        let result = unsafe cnetlink_connect_to(socket.number, name)
        switch -result {
        case 0: return .connected
        case ECONNREFUSED, ECONNRESET: return .refused
        // Too many connections are pending, or the socket is of another type.
        case EAGAIN, EPROTOTYPE: return .impossible
        default: throw SystemError(errno: -result, call: .connect)
        }
    }

    private static func waitForEnd(of socket: FileDescriptor, _ time: Duration) throws(SystemError) {
        let milliseconds = min(time / .milliseconds(1), 1_000_000).rounded(.up)
        let result = cnetlink_wait_for_end(socket.number, Int32(milliseconds))
        guard result == 0 else { throw SystemError(errno: -result, call: .receive) }
    }
}
