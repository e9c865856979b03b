import Foundation
import IPVS
import IPVSTestKernel
import Testing

@testable import Netlink

extension KernelTests {
    @Suite struct Drains {
        let namespace: TestNamespace
        let handle: Handle
        let server: EchoServer
        let web = VirtualServer(.tcp(IPAddress(127, 0, 0, 10), 80), scheduler: .roundRobin)
        let real = RealServer(IPAddress(127, 0, 0, 1), 8080, forwarding: .masquerade, weight: 7)
        let other = RealServer(IPAddress(10, 244, 1, 1), 8080, forwarding: .masquerade)

        init() throws {
            namespace = try TestNamespace()
            handle = try namespace.open()
            server = try EchoServer(namespace, port: 8080)
            try handle.add(web)
            try handle.add(real, to: web.id)
        }

        private var target: Drain.Target { Drain.Target(real.endpoint, of: web.id) }

        private func open() throws -> TestConnection {
            let connection = try TestConnection(namespace, to: 0x7f00_000a, port: 80)
            #expect(connection.isAlive())
            return connection
        }

        @Test func withoutConnectionsItIsDeletedAtOnce() async throws {
            try handle.add(other, to: web.id)
            let missing = Drain.Target(Endpoint(IPAddress(10, 0, 0, 9), 1), of: web.id)
            let nowhere = Drain.Target(real.endpoint, of: .firewallMark(9))
            let targets = [missing, Drain.Target(other.endpoint, of: web.id), nowhere]
            let outcomes = try await handle.drain(targets, timeout: .seconds(60))
            #expect(outcomes == [.notFound, .drained, .notFound])
            #expect(try handle.realServers(of: web.id).map(\.server) == [real])
            #expect(try await handle.drain([], timeout: .zero).isEmpty)
        }

        @Test func aHeldConnectionIsWaitedFor() async throws {
            let connection = try open()
            let (handle, target) = (handle, target)
            let drain = Task { try await handle.drain([target], timeout: .seconds(300), interval: .milliseconds(50)) }
            try await eventually {
                try handle.realServer(target.endpoint, of: target.virtualServer)?.server.weight == 0
            }
            try await Task.sleep(for: .milliseconds(300))
            #expect(connection.isAlive())
            #expect(try handle.realServers(of: web.id).count == 1)
            connection.close()
            #expect(try await drain.value == [.drained])
            #expect(try handle.realServers(of: web.id).isEmpty)
        }

        @Test func aDeadlineEndsTheWait() async throws {
            let connection = try open()
            try handle.add(other, to: web.id)
            let targets = [target, Drain.Target(other.endpoint, of: web.id)]
            let outcomes = try await handle.drain(targets, timeout: .milliseconds(300), interval: .milliseconds(50))
            #expect(outcomes == [.timedOut(connections: 1), .drained])
            #expect(try handle.realServers(of: web.id).isEmpty)
            connection.close()
        }

        @Test(arguments: [Drain.Cancellation.restoreWeights, .keepDraining])
        func cancelled(_ cancellation: Drain.Cancellation) async throws {
            let connection = try open()
            let (handle, target) = (handle, target)
            let drain = Task {
                try await handle.drain([target], timeout: .seconds(300), onCancellation: cancellation)
            }
            try await eventually {
                try handle.realServer(target.endpoint, of: target.virtualServer)?.server.weight == 0
            }
            drain.cancel()
            await #expect(throws: CancellationError.self) { try await drain.value }
            let weight = try handle.realServer(target.endpoint, of: target.virtualServer)?.server.weight
            #expect(weight == (cancellation == .restoreWeights ? 7 : 0))
            #expect(connection.isAlive())
        }

        @Test func whatOthersDeleteIsNotFound() async throws {
            let connection = try open()
            let (handle, target) = (handle, target)
            let drain = Task { try await handle.drain([target], timeout: .seconds(300), interval: .milliseconds(50)) }
            try await eventually {
                try handle.realServer(target.endpoint, of: target.virtualServer)?.server.weight == 0
            }
            try handle.delete(web.id)
            #expect(try await drain.value == [.notFound])
            connection.close()
        }
    }
}
