import Foundation
import IPVSTestKernel
import Testing

@testable import Netlink

@Suite("Locks of a network namespace")
struct NamespaceLockTests {
    /// No other test has this lock.
    private let name = "swift-ipvs/test/\(UUID())"

    private func attempt(_ timeout: Duration = .zero, onWait: (LockHolder) -> Void = { _ in }) throws
        -> NamespaceLock.Attempt
    {
        try NamespaceLock.take(name, in: nil, until: .now + timeout, onWait: onWait)
    }

    /// Takes the lock, which must be free.
    private func take() throws -> NamespaceLock {
        guard case .taken(let lock) = try attempt() else { throw TestFailure("the lock is not free") }
        #expect(lock.obstacle == nil)
        return lock
    }

    /// Who holds the lock, which must not be free.
    private func holder() throws -> LockHolder {
        guard case .held(let holder) = try attempt() else { throw TestFailure("the lock is free") }
        return holder
    }

    @Test("One at a time has a lock, until it is released or deallocated; others learn who it is")
    func oneAtATime() throws {
        var lock: NamespaceLock? = try take()
        #expect(try holder().pid == getpid())
        #expect(try NamespaceLock.holder(of: name, in: nil)?.pid == getpid())
        #expect(try holder().description.hasPrefix("process \(getpid()) ("))
        lock?.release()
        lock?.release()
        #expect(try NamespaceLock.holder(of: name, in: nil) == nil)
        lock = try take()
        #expect(try holder().pid == getpid())
        lock = nil
        try take().release()
    }

    @Test("Locks with other names are independent")
    func names() throws {
        let lock = try take()
        defer { lock.release() }
        guard case .taken = try NamespaceLock.take("\(name)/0", in: nil, until: .now) else {
            throw TestFailure("the lock is not free")
        }
    }

    @Test("Whoever waits gets the lock when it is released")
    func waiting() throws {
        let lock = try take()
        var waits = 0
        let attempt = try attempt(.seconds(60)) { holder in
            waits += 1
            #expect(holder.pid == getpid())
            Thread.detachNewThread { lock.release() }
        }
        guard case .taken = attempt else { throw TestFailure("the lock was not free in time") }
        #expect(waits == 1)
    }

    @Test("Waiting goes on when the holder ends pending connections")
    func pendingConnections() throws {
        let lock = try take()
        let attempt = try attempt(.seconds(60)) { _ in
            Thread.detachNewThread {
                for _ in 0..<10 {
                    lock.endPendingConnections()
                    usleep(1_000)
                }
                lock.release()
            }
        }
        guard case .taken = attempt else { throw TestFailure("the lock was not free in time") }
    }

    @Test("However many have asked for it, a lock whose holder ends pending connections stays held")
    func manyAttempts() throws {
        let lock = try take()
        defer { lock.release() }
        for _ in 0..<10_000 {
            guard case .held = try attempt() else { throw TestFailure("the lock was taken twice") }
            lock.endPendingConnections()
        }
    }

    @Test("The lock of a process that is killed is free")
    func killed() throws {
        let other = try AddressHolder(name)
        let holder = try holder()
        #expect(holder.pid == other.pid)
        #expect("\(holder)" == "process \(other.pid) (perl)")
        other.kill()
        try take().release()
    }

    @Test(
        "An unprivileged process that has a lock's address keeps nobody out, which is reported",
        .enabled(if: geteuid() == 0, "it requires root"),
        arguments: [AddressHolder.Use.listens, .idles, .isFull, .becomesRoot]
    )
    func unprivileged(use: AddressHolder.Use) throws {
        let squatter = try AddressHolder(name, user: 65_534, use)
        guard case .taken(let lock) = try attempt(.seconds(60), onWait: { _ in Issue.record("it waits") }) else {
            throw TestFailure("the lock is not free")
        }
        let process =
            [.listens, .becomesRoot].contains(use)
            ? "process \(squatter.pid) (perl), which lacks CAP_NET_ADMIN," : "a process that can't be determined"
        #expect(lock.obstacle == "\(process) has its address")
        #expect(try NamespaceLock.holder(of: name, in: nil) == nil)
    }

    @Test("A name that is too long is an error")
    func longName() {
        #expect(throws: SystemError(errno: ENAMETOOLONG, call: .bind)) {
            try NamespaceLock.take(String(repeating: "x", count: 108), in: nil, until: .now)
        }
    }
}
