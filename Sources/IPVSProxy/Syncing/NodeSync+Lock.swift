package import IPVSNode
import Netlink

/// Where proxiers lock their interfaces.
package protocol LockSpace: Sendable {
    /// Takes the lock on an interface.
    ///
    /// - Parameters:
    ///   - interface: The name of the interface.
    ///   - deadline: Until when to wait for who has the lock. The thread is blocked meanwhile.
    /// - Returns: The lock.
    /// - Throws: `AddressError` with `inUse`, which names who has the lock.
    func take(_ interface: String, until deadline: ContinuousClock.Instant) throws(AddressError) -> any InterfaceLock
}

/// The lock on an interface, which is released when it is deallocated.
package protocol InterfaceLock: AnyObject, Sendable {
    /// Why the lock excludes nobody; nil if it does.
    var obstacle: String? { get }

    /// Releases the lock.
    func release()

    /// Makes room for others that want to wait.
    func endPendingConnections()
}

extension NamespaceLock: InterfaceLock {}

/// The network namespace in which a proxier locks its interface.
struct NamespaceLockSpace: LockSpace {
    /// The namespace; nil for that of the calling thread, where it can't be held open for lack of `/proc`.
    let namespace: HeldNamespace?

    func take(_ interface: String, until deadline: ContinuousClock.Instant) throws(AddressError) -> any InterfaceLock {
        let attempt: NamespaceLock.Attempt
        do throws(SystemError) {
            attempt = try NamespaceLock.take("swift-ipvs/proxier/\(interface)", in: namespace, until: deadline)
        } catch {
            throw AddressError(.useInterface(interface), .system(error))
        }
        switch attempt {
        case .taken(let lock): return lock
        case .held(let holder):
            throw AddressError(.inUse, .useInterface(interface), detail: "another proxier is using it: \(holder)")
        }
    }
}

extension NodeSync {
    /// Takes the lock on the interface, unless the proxier has it. Two proxiers with one interface would delete each other's
    /// virtual servers.
    ///
    /// Each call needs one of ``release()``.
    ///
    /// - Parameter timeout: How long to wait for another process.
    /// - Returns: Why the lock excludes nobody; nil if it does.
    /// - Throws: `AddressError` with `inUse`.
    func lock(timeout: Duration) throws(AddressError) -> String? {
        if lock == nil { lock = try kernel.lockSpace?.take(configuration.interface, until: .now + timeout) }
        lockUses += 1
        return lock?.obstacle
    }

    /// Releases the lock when nothing needs it any more.
    func release() {
        lockUses -= 1
        guard lockUses == 0 else { return }
        lock?.release()
        lock = nil
    }
}
