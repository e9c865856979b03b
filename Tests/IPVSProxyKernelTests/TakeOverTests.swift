import Foundation
import IPVS
import IPVSProxyTestSamples
import IPVSTestKernel
import Testing

@testable import IPVSProxy
@testable import Netlink

extension ProxyKernelTests {
    /// What kube-proxy leaves: its interface, without an alias but with addresses, and virtual servers at these.
    @Suite struct TakeOvers {
        let node: TestNode
        let clock = TestClock()
        let server: EchoServer
        let web = service("web", ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 1)]))
        let endpoints = slice("web", "127.0.0.1:8080")
        let own = ["-A -t 10.96.0.1:80 -s rr", "-a -t 10.96.0.1:80 -r 127.0.0.1:8080 -m -w 1"]
        /// Virtual servers at no address of the interface.
        let elsewhere = ["-A -f 7 -s rr", "-A -t 10.99.0.1:80 -s rr", "-a -t 10.99.0.1:80 -r 10.244.1.1:80 -m -w 1"]

        init() throws {
            node = try TestNode()
            server = try EchoServer(node.namespace, port: 8_080)
            try node.namespace.run("ip", "link", "add", "kube-ipvs0", "type", "dummy")
            try node.namespace.run("ip", "addr", "add", "10.96.0.1/32", "dev", "kube-ipvs0")
            try node.namespace.run("ip", "addr", "add", "10.96.0.7/32", "dev", "kube-ipvs0")
            let obsolete = ["-A -t 10.96.0.7:80 -s rr", "-A -u 10.96.0.1:53 -s rr"]
            for line in own + obsolete + elsewhere { try node.namespace.ipvsadm(line) }
        }

        @Test func withoutAGap() async throws {
            let connection = try TestConnection(node.namespace, to: 0x0a60_0001, port: 80)
            #expect(connection.isAlive())
            let proxier = try node.proxier(clock)
            await proxier.tell([web], [endpoints])
            let plan = try #require(try await proxier.plan())
            let report = try await proxier.syncWell()
            // All three get the mark, and two of them are deleted.
            #expect(report.changes == 5 && report.bound == 0 && report.unbound == 1 && report.draining == 0)
            #expect(plan.plan.changes.count == 3 && plan.failures.isEmpty)
            #expect(connection.isAlive())
            #expect(try node.namespace.saved() == (own + elsewhere).sorted())
            #expect(try node.addresses() == ["10.96.0.1/32"])
            // The take-over has ended: what others add at these addresses from now on belongs to them.
            try node.namespace.ipvsadm("-A -t 10.96.0.1:443 -s rr")
            clock.advance(by: .seconds(3_600))
            #expect(try await proxier.syncWell().isIdle)
            let next = try node.proxier(clock)
            await next.tell([web], [endpoints])
            #expect(try await next.syncWell().isIdle)
            #expect(try node.namespace.saved() == (own + elsewhere + ["-A -t 10.96.0.1:443 -s rr"]).sorted())
            #expect(try await next.cleanup().virtualServers == 1)
            #expect(try node.namespace.saved() == (elsewhere + ["-A -t 10.96.0.1:443 -s rr"]).sorted())
        }

        /// Virtual servers that services want, without an address on the interface that shows their owner.
        @Test func nodePorts() async throws {
            try node.addNodeAddresses()
            let others = ["-A -t 192.0.2.1:30081 -s rr"]
            for line in ["-A -t 192.0.2.1:30080 -s wrr"] + others { try node.namespace.ipvsadm(line) }
            let proxier = try node.proxier(clock)
            var port = ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 1)])
            port.nodePort = 30_080
            await proxier.tell([service("web", port)], [endpoints])
            try await proxier.syncWell()
            let nodePort = ["-A -t 192.0.2.1:30080 -s rr", "-a -t 192.0.2.1:30080 -r 127.0.0.1:8080 -m -w 1"]
            #expect(try node.namespace.saved() == (own + elsewhere + nodePort + others).sorted())
            try await proxier.cleanup()
            #expect(try node.namespace.saved() == (elsewhere + others).sorted())
        }

        /// kube-proxy serves node ports there too, and nobody gets an answer.
        @Test func nodePortsAtLoopbackAddresses() async throws {
            try node.addNodeAddresses()
            let obsolete = [
                "-A -t 127.0.0.1:30080 -s rr", "-a -t 127.0.0.1:30080 -r 10.244.1.1:80 -m -w 1",
                "-A -t [::1]:30080 -s rr",
            ]
            let others = ["-A -t 127.0.0.1:30081 -s rr", "-A -u 127.0.0.1:30080 -s rr"]
            for line in obsolete + others { try node.namespace.ipvsadm(line) }
            let proxier = try node.proxier(clock)
            var port = ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 1)])
            port.nodePort = 30_080
            await proxier.tell([service("web", port)], [endpoints])
            let report = try await proxier.syncWell()
            #expect(report.takenOver.count { $0.description.hasSuffix(":30080") } == 2)
            let nodePort = ["-A -t 192.0.2.1:30080 -s rr", "-a -t 192.0.2.1:30080 -r 127.0.0.1:8080 -m -w 1"]
            #expect(try node.namespace.saved() == (own + elsewhere + nodePort + others).sorted())
        }

        /// Real servers that are not wanted any more are drained like those of the proxier.
        @Test func aRealServerThatLeaves() async throws {
            let connection = try TestConnection(node.namespace, to: 0x0a60_0001, port: 80)
            #expect(connection.isAlive())
            let proxier = try node.proxier(clock)
            await proxier.tell([web], [slice("web", "10.244.1.1:8080")])
            #expect(try await proxier.syncWell().draining == 1)
            #expect(connection.isAlive())
            let saved = try node.namespace.saved()
            #expect(saved.contains("-a -t 10.96.0.1:80 -r 127.0.0.1:8080 -m -w 0"))
            #expect(saved.contains("-a -t 10.96.0.1:80 -r 10.244.1.1:8080 -m -w 1"))
        }

        /// The first sync has a failure. Virtual servers at addresses that the proxier binds itself are still not taken
        /// over, by this process or the next one.
        @Test(arguments: [false, true])
        func aFailureMeanwhile(restarts: Bool) async throws {
            let other = service("other", ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 99, 0, 1)]))
            var proxier = try node.proxier(clock)
            await proxier.tell([web, other], [endpoints])
            for _ in 1...3 {
                let report = try #require(try await proxier.sync())
                #expect(report.kind == .full)
                #expect(report.failures.map(\.reason) == [.notOwned])
                #expect(try node.namespace.saved() == (own + elsewhere).sorted())
                clock.advance(by: .seconds(3_600))
                if restarts {
                    proxier = try node.proxier(clock)
                    await proxier.tell([web, other], [endpoints])
                }
            }
        }

        @Test func excludedBlocksAreNotTakenOver() async throws {
            let proxier = try node.proxier(clock) { $0.excludedBlocks = [block("10.96.0.4/30")] }
            await proxier.tell([web], [endpoints])
            try await proxier.syncWell()
            #expect(try node.namespace.saved() == (own + elsewhere + ["-A -t 10.96.0.7:80 -s rr"]).sorted())
            #expect(try node.addresses() == ["10.96.0.1/32", "10.96.0.7/32"])
        }

        /// Another proxier, with its own interface, has a virtual server at one of kube-proxy's addresses.
        @Test func whatBearsAnothersMarkIsNotTakenOver() async throws {
            let another = try node.proxier(clock) { $0.interface = "other0" }
            await another.tell([service("secure", ServicePort(.tcp, 443, externalIPs: [IPAddress(10, 96, 0, 1)]))])
            try await another.syncWell()
            let proxier = try node.proxier(clock)
            await proxier.tell([web], [endpoints])
            try await proxier.syncWell()
            #expect(try node.namespace.saved() == (own + elsewhere + ["-A -t 10.96.0.1:443 -s rr"]).sorted())
            clock.advance(by: .seconds(3_600))
            // Until now the other proxier took the address for one of the node's, which are not bound.
            let report = try await another.syncWell()
            #expect(report.changes == 0 && report.bound == 1)
        }

        /// A process that only cleans up has not taken over anything.
        @Test func aCleanUpTouchesNothing() async throws {
            let before = try node.namespace.saved()
            let report = try await node.proxier().cleanup()
            #expect(report.virtualServers == 0 && report.addresses == 0 && !report.removedInterface)
            #expect(try node.namespace.saved() == before)
            #expect(try node.addresses() == ["10.96.0.1/32", "10.96.0.7/32"])
        }
    }
}
