import Netlink

/// A lock on the IPVS table of a network namespace, for programs that read the table and then change it in several steps.
///
/// Of two programs that do so at the same time, each plans with a table that the other one is changing, and the result is a
/// mixture. Programs that take the lock take turns:
///
///     let lock = try handle.lockTable(timeout: .seconds(30))
///     defer { lock.release() }
///     try handle.apply(desired)
///
/// The lock is advisory: it doesn't stop programs that don't take it, such as `ipvsadm`, nor single calls of a ``Handle``. To
/// notice these, compare the table afterwards, with ``Handle/plan(_:owning:)``.
///
/// - It belongs to the network namespace, so that it also works between containers that share a network namespace and no files.
/// - It ends with the process, however that ends, or with ``release()``, or when this object is deallocated.
/// - Only a process that has `CAP_NET_ADMIN` can keep others waiting. One that lacks it can make the lock ineffective, which
///   ``obstacle`` reports. If the other process is not visible, as in another PID namespace or without a `/proc` of the
///   caller's own, it must be root's or of the caller's user.
/// - A process in another user namespace than the caller's can't keep it waiting.
public final class TableLock: Sendable {
    /// How the lock is shared.
    public enum Mode: Hashable, Sendable {
        /// With nobody: for a program that makes the whole table what it should be.
        case exclusive
        /// With others that share it, at most 32 of them: for programs that only touch different parts of the table, such
        /// as drains of real servers.
        case shared
    }

    /// Why the lock keeps nobody out, as the second half of a sentence; nil if it does.
    public var obstacle: String? { lock.obstacle }

    private let lock: NamespaceLock

    fileprivate init(_ lock: NamespaceLock) { self.lock = lock }

    /// Releases the lock. To release it again does nothing.
    public func release() { lock.release() }
}

extension Handle {
    /// Takes the lock on the table of the handle's network namespace.
    ///
    /// - Parameters:
    ///   - mode: How the lock is shared.
    ///   - timeout: How long to wait for other processes. The thread is blocked meanwhile.
    ///   - onWait: Called before the thread is blocked, with a description of the process that has the lock:
    ///     `process 4711 (ipvsctl)`.
    /// - Returns: The lock. Keep it, and release it in the end.
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/tableLocked``, which names the process that has the lock, or
    ///   ``IPVSError/Code/handleClosed``.
    public func lockTable(
        _ mode: TableLock.Mode = .exclusive,
        timeout: Duration = .zero,
        onWait: (String) -> Void = { _ in }
    ) throws(IPVSError) -> TableLock {
        let attempt: NamespaceLock.Attempt
        do throws(SystemError) {
            let locks = TableLocks(try namespace(), named: tableLockName, until: .now + timeout)
            attempt = try mode == .exclusive ? locks.takeExclusively(onWait) : locks.share(onWait)
        } catch {
            throw IPVSError(locking: error)
        }
        switch attempt {
        case .taken(let lock): return TableLock(lock)
        case .held(let holder): throw IPVSError(.tableLocked, .lockTable, detail: "\(holder) has the lock")
        }
    }
}

/// The locks that the lock on a table consists of.
///
/// Whoever changes the whole table holds the main lock, and waits until all others are free. Whoever shares the table holds one
/// of the others, which is taken while the main lock is held.
private struct TableLocks {
    private let namespace: HeldNamespace?
    private let deadline: ContinuousClock.Instant

    /// Until when to wait for the main lock, which others may hold for a moment only.
    private let mainDeadline: ContinuousClock.Instant

    private let main: String
    private let shares: [String]

    init(_ namespace: HeldNamespace?, named main: String, until deadline: ContinuousClock.Instant) {
        self.namespace = namespace
        self.main = main
        shares = (0..<32).map { "\(main)/\($0)" }
        self.deadline = deadline
        mainDeadline = max(deadline, .now + .milliseconds(100))
    }

    func takeExclusively(_ onWait: (String) -> Void) throws(SystemError) -> NamespaceLock.Attempt {
        let attempt = try take(main, until: mainDeadline, onWait)
        guard case .taken(let lock) = attempt else { return attempt }
        for share in shares {
            guard try NamespaceLock.holder(of: share, in: namespace) != nil else { continue }
            if case .held(let holder) = try take(share, until: deadline, onWait) {
                lock.release()
                return .held(by: holder)
            }
        }
        return attempt
    }

    func share(_ onWait: (String) -> Void) throws(SystemError) -> NamespaceLock.Attempt {
        let attempt = try take(main, until: mainDeadline, onWait)
        guard case .taken(let lock) = attempt else { return attempt }
        defer { lock.release() }
        for share in shares {
            let attempt = try take(share, until: .now, onWait)
            // Whoever can't exclude others from this one tries the next.
            if case .taken(let own) = attempt, own.obstacle == nil { return attempt }
        }
        return try take(shares[0], until: deadline, onWait)
    }

    private func take(
        _ name: String,
        until deadline: ContinuousClock.Instant,
        _ onWait: (String) -> Void
    ) throws(SystemError) -> NamespaceLock.Attempt {
        try NamespaceLock.take(name, in: namespace, until: deadline) { onWait("\($0)") }
    }
}
