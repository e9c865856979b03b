import IPVSNode
import IPVSProxy
import Netlink

/// The locks on interfaces that proxiers of a node hold. Unlike those of a network namespace, they need no privilege.
final class InterfaceLocks: LockSpace {
    /// The numbers of the holders, by the names of the interfaces.
    private let holders = Lock([String: Int]())
    private let count = Lock(0)

    func take(_ interface: String, until deadline: ContinuousClock.Instant) throws(AddressError) -> any InterfaceLock {
        let number = count.withLock { count in
            count += 1
            return count
        }
        while true {
            let isTaken = holders.withLock { holders in
                if holders[interface] != nil { return false }
                holders[interface] = number
                return true
            }
            if isTaken { return HeldLock(interface, number, self) }
            guard ContinuousClock.now < deadline else {
                throw AddressError(.inUse, .useInterface(interface), detail: "another proxier of the test is using it")
            }
            usleep(1_000)
        }
    }

    fileprivate func release(_ interface: String, by number: Int) {
        holders.withLock { holders in
            // It can have been released before, and taken by another one.
            if holders[interface] == number { holders[interface] = nil }
        }
    }
}

private final class HeldLock: InterfaceLock {
    private let interface: String
    private let number: Int
    private let locks: InterfaceLocks

    init(_ interface: String, _ number: Int, _ locks: InterfaceLocks) {
        (self.interface, self.number, self.locks) = (interface, number, locks)
    }

    deinit { release() }

    /// It excludes all others.
    var obstacle: String? { nil }

    func release() { locks.release(interface, by: number) }

    /// Nobody is connected: the others try again and again.
    func endPendingConnections() {}
}
