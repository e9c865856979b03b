import Foundation
import IPVS
import IPVSTestKernel
import Testing

extension KernelTests {
    @Suite("The lock on a table") struct TableLocking {
        private let namespace: TestNamespace
        private let handle: Handle

        init() throws {
            namespace = try TestNamespace()
            handle = try namespace.open()
        }

        private func lock(_ mode: TableLock.Mode = .exclusive) throws -> TableLock { try handle.lockTable(mode) }

        /// Expects that the lock can't be taken.
        private func expectHeld(_ mode: TableLock.Mode, _ timeout: Duration = .zero) {
            let error = #expect(throws: IPVSError.self) { try handle.lockTable(mode, timeout: timeout) }
            #expect(error?.code == .tableLocked)
            #expect(error?.description.hasPrefix("can't lock the table: process \(getpid()) (") == true)
        }

        @Test("It is exclusive, or shared")
        func modes() throws {
            let whole = try lock()
            #expect(whole.obstacle == nil)
            expectHeld(.exclusive)
            expectHeld(.shared)
            whole.release()
            let shares = try (0..<32).map { _ in try lock(.shared) }
            expectHeld(.exclusive)
            // There are no more than these.
            expectHeld(.shared)
            for share in shares.dropLast() { share.release() }
            expectHeld(.exclusive, .milliseconds(10))
            shares.last?.release()
            try lock().release()
        }

        @Test("Who waits for it gets it at the end of the last share")
        func waiting() throws {
            let share = try lock(.shared)
            var holders: [String] = []
            let whole = try handle.lockTable(timeout: .seconds(60)) { holder in
                holders.append(holder)
                Thread.detachNewThread { share.release() }
            }
            #expect(holders.count == 1 && holders[0].hasPrefix("process \(getpid()) ("))
            whole.release()
        }

        @Test("Each network namespace has its own, whatever the name by which it was opened")
        func namespaces() throws {
            let whole = try lock()
            defer { whole.release() }
            try Handle().lockTable().release()
            let other = try TestNamespace()
            try other.open().lockTable().release()
            // As a program in the namespace does.
            let held = try onThread { [namespace] in
                guard enterNamespace(namespace.descriptor) == 0 else { throw TestFailure("setns: \(errno)") }
                do {
                    try Handle().lockTable().release()
                    return false
                } catch let error as IPVSError {
                    return error.code == .tableLocked
                }
            }
            #expect(held)
        }

        @Test("That of a process which is killed is free")
        func killed() throws {
            let other = try AddressHolder("swift-ipvs/table", namespace: namespace.path)
            let error = #expect(throws: IPVSError.self) { try lock() }
            #expect(error?.description == "can't lock the table: process \(other.pid) (perl) has the lock")
            other.kill()
            try lock().release()
        }

        @Test("An unprivileged process can't keep others from it, and this is reported")
        func unprivileged() throws {
            let squatter = try AddressHolder("swift-ipvs/table", user: 65_534, namespace: namespace.path)
            let obstacle = "process \(squatter.pid) (perl), which lacks CAP_NET_ADMIN, has its address"
            #expect(try lock().obstacle == obstacle)
        }

        @Test("A closed handle has none")
        func closed() throws {
            handle.close()
            #expect(throws: IPVSError.self) { try lock() }
        }
    }
}
