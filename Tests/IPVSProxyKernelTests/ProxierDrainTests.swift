import Foundation
import IPVS
import IPVSProxyTestSamples
import IPVSTestKernel
import Testing

@testable import IPVSProxy
@testable import Netlink

extension ProxyKernelTests {
    /// Draining real servers, with a connection through the proxier's virtual server that a client keeps open.
    @Suite struct ProxierDrains {
        let node: TestNode
        let clock = TestClock()
        let server: EchoServer
        let proxier: Proxier
        let web = service("web", ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 1)]))
        let here = "127.0.0.1:8080"
        let elsewhere = "10.244.1.1:8080"

        init() async throws {
            node = try TestNode()
            server = try EchoServer(node.namespace, port: 8_080)
            proxier = try node.proxier(clock)
            await proxier.tell([web], [slice("web", here)])
            try await proxier.syncWell()
        }

        private func connect() throws -> TestConnection {
            let connection = try TestConnection(node.namespace, to: 0x0a60_0001, port: 80)
            #expect(connection.isAlive())
            return connection
        }

        /// The weight of each real server of the service.
        private func weights() throws -> [String: UInt32] {
            let reals = try handleRealServers()
            return Dictionary(uniqueKeysWithValues: reals.map { ($0.endpoint.description, $0.weight) })
        }

        private func handleRealServers() throws -> [RealServer] {
            try node.handle.realServers(of: id("TCP 10.96.0.1:80")).map(\.server)
        }

        @Test func aConnectionLivesOnUntilItEnds() async throws {
            let connection = try connect()
            await proxier.onEndpointSliceAdd(slice("web", elsewhere))
            #expect(try await proxier.syncWell().draining == 1)
            #expect(try weights() == [here: 0, elsewhere: 1])
            #expect(connection.isAlive())
            clock.advance(by: .seconds(5))
            #expect(try await proxier.syncWell().draining == 1)
            // A full sync leaves it alone.
            clock.advance(by: .seconds(600))
            await proxier.onServiceAdd(service("api", ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 2)])))
            #expect(try await proxier.syncWell().draining == 1)
            #expect(try weights() == [here: 0, elsewhere: 1])
            #expect(connection.isAlive())
            connection.close()
            // The kernel keeps a connection for some seconds after its end.
            try await trying {
                // It is checked again, but not so often that the drain times out.
                clock.advance(by: .milliseconds(100))
                return try await proxier.syncWell().draining == 0
            }
            #expect(try weights() == [elsewhere: 1])
        }

        @Test func aDeadlineEndsIt() async throws {
            let connection = try connect()
            await proxier.onEndpointSliceAdd(slice("web", elsewhere))
            try await proxier.syncWell()
            clock.advance(by: .seconds(15 * 60 - 1))
            #expect(try await proxier.syncWell().draining == 1)
            #expect(connection.isAlive())
            clock.advance(by: .seconds(5))
            let report = try await proxier.syncWell()
            #expect(report.drained == 1 && report.draining == 0)
            #expect(try weights() == [elsewhere: 1])
            connection.close()
        }

        @Test func oneThatComesBackGetsItsWeightBack() async throws {
            let connection = try connect()
            await proxier.onEndpointSliceAdd(slice("web", elsewhere))
            try await proxier.syncWell()
            #expect(try weights() == [here: 0, elsewhere: 1])
            await proxier.onEndpointSliceAdd(slice("web", here, elsewhere))
            let report = try await proxier.syncWell()
            #expect(report.changes == 1 && report.draining == 0)
            #expect(try weights() == [here: 1, elsewhere: 1])
            // It is not deleted when its drain would time out.
            clock.advance(by: .seconds(15 * 60 + 5))
            try await proxier.syncWell()
            #expect(try weights() == [here: 1, elsewhere: 1])
            #expect(connection.isAlive())
        }

        @Test func withoutAnyOtherRealServer() async throws {
            let connection = try connect()
            await proxier.onEndpointSliceDelete(slice("web"))
            #expect(try await proxier.syncWell().draining == 1)
            #expect(try weights() == [here: 0])
            #expect(connection.isAlive())
            await proxier.onServiceDelete(web)
            let report = try await proxier.syncWell()
            #expect(report.draining == 0 && report.unbound == 1)
            #expect(try node.namespace.saved().isEmpty)
        }

        @Test func ofUDPAtOnce() async throws {
            let dns = service("dns", ServicePort(.udp, 53, clusterIPs: [IPAddress(10, 96, 0, 10)]))
            await proxier.onServiceAdd(dns)
            await proxier.onEndpointSliceAdd(slice("dns", "127.0.0.1:5353"))
            try await proxier.syncWell()
            let place = node.namespace.descriptor
            try onThread {
                try #require(enterNamespace(place) == 0)
                try sendDatagram("ping", to: (0x0a60_000a, 53), from: (0x7f00_0001, 0))
            }
            let status = { try node.handle.realServers(of: id("UDP 10.96.0.10:53")) }
            #expect(try status().map(\.inactiveConnections) == [1])
            await proxier.onEndpointSliceAdd(slice("dns", "127.0.0.2:5353"))
            let report = try await proxier.syncWell()
            #expect(report.draining == 0 && report.drained == 0 && report.changes == 2)
            #expect(try status().map(\.server.endpoint.description) == ["127.0.0.2:5353"])
        }

        /// The process that began a drain has ended: the next one starts the drain again, or restores the weight.
        @Test(arguments: [false, true])
        func afterARestart(comesBack: Bool) async throws {
            let connection = try connect()
            await proxier.onEndpointSliceAdd(slice("web", elsewhere))
            try await proxier.syncWell()
            clock.advance(by: .seconds(15 * 60 - 1))
            let next = try node.proxier(clock)
            await next.tell([web], [comesBack ? slice("web", here, elsewhere) : slice("web", elsewhere)])
            let report = try await next.syncWell()
            #expect(connection.isAlive())
            if comesBack {
                #expect(report.changes == 1 && report.draining == 0)
                #expect(try weights() == [here: 1, elsewhere: 1])
                return
            }
            #expect(report.changes == 0 && report.draining == 1)
            #expect(try weights() == [here: 0, elsewhere: 1])
            clock.advance(by: .seconds(15 * 60))
            #expect(try await next.syncWell().drained == 1)
            #expect(try weights() == [elsewhere: 1])
        }

        /// Real servers whose endpoints are removed while no process is running are drained by the next one.
        @Test func leavingWhileNobodyWatches() async throws {
            let connection = try connect()
            let next = try node.proxier(clock)
            await next.tell([web], [slice("web", elsewhere)])
            #expect(try await next.syncWell().draining == 1)
            #expect(try weights() == [here: 0, elsewhere: 1])
            #expect(connection.isAlive())
        }

        @Test func othersDeleteIt() async throws {
            let connection = try connect()
            await proxier.onEndpointSliceAdd(slice("web", elsewhere))
            try await proxier.syncWell()
            try node.namespace.ipvsadm("-d -t 10.96.0.1:80 -r \(here)")
            clock.advance(by: .seconds(5))
            #expect(try await proxier.syncWell().draining == 0)
            await proxier.onEndpointSliceAdd(slice("web", here))
            try await proxier.syncWell()
            #expect(try weights() == [here: 1])
            connection.close()
        }

        @Test func othersDeleteItsVirtualServer() async throws {
            let connection = try connect()
            await proxier.onEndpointSliceAdd(slice("web", elsewhere))
            try await proxier.syncWell()
            try node.namespace.ipvsadm("-D -t 10.96.0.1:80")
            clock.advance(by: .seconds(5))
            #expect(try await proxier.syncWell().draining == 0)
            clock.advance(by: .seconds(3_600))
            #expect(try await proxier.syncWell().draining == 0)
            #expect(try weights() == [elsewhere: 1])
            connection.close()
        }

        /// Others give it a weight, which the proxier takes away again. The drain's timeout is unchanged.
        @Test(arguments: [Proxier.Configuration().drainInterval, .seconds(3_600)])
        func othersGiveItAWeight(after wait: Duration) async throws {
            let proxier = try node.proxier(clock) { $0.drainTimeout = .seconds(7_200) }
            let connection = try connect()
            await proxier.tell([web], [slice("web", elsewhere)])
            try await proxier.syncWell()
            try node.namespace.ipvsadm("-e -t 10.96.0.1:80 -r \(here) -m -w 5")
            clock.advance(by: wait)
            try await proxier.syncWell()
            try await proxier.syncWell()
            #expect(try weights() == [here: 0, elsewhere: 1])
            #expect(connection.isAlive())
            clock.advance(by: .seconds(7_200) - wait)
            #expect(try await proxier.syncWell().drained == 1)
            #expect(try weights() == [elsewhere: 1])
        }
    }
}
