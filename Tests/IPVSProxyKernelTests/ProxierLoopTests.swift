import Foundation
import IPVS
import IPVSProxyTestKernel
import IPVSProxyTestSamples
import IPVSTestKernel
import Logging
import ServiceLifecycle
import Testing

@testable import IPVSProxy
@testable import Netlink

extension ProxyKernelTests {
    /// A proxier's loop.
    @Suite struct ProxierLoops {
        let node: TestNode
        let web = service("web", ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 1)]))
        let one = "-a -t 10.96.0.1:80 -r 10.244.1.1:80 -m -w 1"
        let two = "-a -t 10.96.0.1:80 -r 10.244.1.2:80 -m -w 1"

        init() throws { node = try TestNode() }

        private func proxier(period: Duration = .seconds(3_600)) throws -> Proxier {
            try node.proxier {
                $0.minSyncPeriod = .milliseconds(10)
                $0.syncPeriod = period
                $0.drainInterval = .milliseconds(50)
            }
        }

        /// Calls `body` while a proxier runs as one of several services, and then shuts it down gracefully.
        private func running(_ proxier: Proxier, _ body: () async throws -> Void) async throws {
            let group = ServiceGroup(services: [proxier], logger: .silent)
            let run = Task { try await group.run() }
            do {
                try await body()
            } catch {
                run.cancel()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await run.value
        }

        private func reaches(_ lines: [String], sourceLocation: SourceLocation = #_sourceLocation) async throws {
            try await trying(until: { try node.namespace.saved() == lines }, sourceLocation: sourceLocation)
        }

        @Test func changesReachTheKernelAndOutliveTheLoop() async throws {
            let proxier = try proxier()
            try await running(proxier) {
                await proxier.tell([web], [slice("web", "10.244.1.1:80")])
                try await reaches(["-A -t 10.96.0.1:80 -s rr", one])
                await proxier.onEndpointSliceAdd(slice("web", "10.244.1.1:80", "10.244.1.2:80"))
                try await reaches(["-A -t 10.96.0.1:80 -s rr", one, two])
                await proxier.onServiceDelete(web)
                try await reaches([])
                #expect(try node.addresses() == [])
                await proxier.onServiceAdd(web)
                try await reaches(["-A -t 10.96.0.1:80 -s rr", one, two])
            }
            #expect(try node.namespace.saved() == ["-A -t 10.96.0.1:80 -s rr", one, two])
            #expect(try node.addresses() == ["10.96.0.1/32"])
            let health = await proxier.health
            #expect(health.isHealthy(at: .now) && health.lastFinished != nil)
        }

        /// Without any report, it corrects changes by others once in a period.
        @Test func aPeriodMends() async throws {
            let proxier = try proxier(period: .milliseconds(200))
            try await running(proxier) {
                await proxier.tell([web], [slice("web", "10.244.1.1:80")])
                try await reaches(["-A -t 10.96.0.1:80 -s rr", one])
                try node.namespace.ipvsadm("-C")
                try node.namespace.run("ip", "link", "del", "kube-ipvs0")
                try await reaches(["-A -t 10.96.0.1:80 -s rr", one])
                try await trying { try node.addresses() == ["10.96.0.1/32"] }
            }
        }

        /// Without any report, a draining real server is deleted when its connection has ended.
        @Test func aDrainComesToItsEnd() async throws {
            let server = try EchoServer(node.namespace, port: 8_080)
            let proxier = try proxier()
            try await running(proxier) {
                await proxier.tell([web], [slice("web", "127.0.0.1:8080")])
                let own = "-a -t 10.96.0.1:80 -r 127.0.0.1:8080 -m -w"
                try await reaches(["-A -t 10.96.0.1:80 -s rr", "\(own) 1"])
                let connection = try TestConnection(node.namespace, to: 0x0a60_0001, port: 80)
                #expect(connection.isAlive())
                await proxier.onEndpointSliceAdd(slice("web", "10.244.1.1:80"))
                try await reaches(["-A -t 10.96.0.1:80 -s rr", one, "\(own) 0"])
                #expect(connection.isAlive())
                connection.close()
                try await reaches(["-A -t 10.96.0.1:80 -s rr", one])
            }
            withExtendedLifetime(server) {}
        }

        /// A failure for one service is retried until its cause is gone, and doesn't keep others from being served.
        @Test func failuresAreTriedAgain() async throws {
            let proxier = try proxier()
            let api = service("api", ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 2)]))
            let nosuch = ServicePort(
                .tcp,
                80,
                clusterIPs: [IPAddress(10, 96, 0, 3)],
                scheduler: Scheduler(rawValue: "nosuch")
            )
            // Others have a virtual server that a service wants.
            try node.namespace.ipvsadm("-A -t 10.96.0.2:80 -s wlc")
            try await running(proxier) {
                await proxier.tell([api, service("odd", nosuch), web], [slice("web", "10.244.1.1:80")])
                let others = "-A -t 10.96.0.2:80 -s wlc"
                try await reaches(["-A -t 10.96.0.1:80 -s rr", others, one])
                try node.namespace.ipvsadm("-D -t 10.96.0.2:80")
                try await reaches(["-A -t 10.96.0.1:80 -s rr", "-A -t 10.96.0.2:80 -s rr", one])
                var right = nosuch
                right.scheduler = .weightedRoundRobin
                await proxier.onServiceUpdate(service("odd", nosuch), service("odd", right))
                try await reaches([
                    "-A -t 10.96.0.1:80 -s rr", "-A -t 10.96.0.2:80 -s rr", "-A -t 10.96.0.3:80 -s wrr", one,
                ])
            }
        }

        /// A scheduler that the kernel doesn't have: the error names the service.
        @Test func aSchedulerThatTheKernelHasNot() async throws {
            let proxier = try proxier()
            let scheduler = Scheduler(rawValue: "nosuch")
            let odd = ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 3)], scheduler: scheduler)
            await proxier.tell([service("odd", odd), web], ["odd", "web"].map { slice($0, "10.244.1.1:80") })
            for kind in [SyncReport.Kind.full, .changes] {
                let report = try #require(try await proxier.sync())
                #expect(report.kind == kind)
                try #require(report.failures.count == 1, "\(report)")
                #expect(report.failures[0].servicePort == ServicePortName(NamespacedName("default", "odd")))
                #expect(report.failures[0].virtualServer == id("TCP 10.96.0.3:80"))
                let text = report.failures[0].description
                let beginning = "default/odd: can't add virtual server TCP 10.96.0.3:80: this kernel has no scheduler"
                #expect(text.hasPrefix(beginning), "\(text)")
                #expect(try node.namespace.saved() == ["-A -t 10.96.0.1:80 -s rr", one])
            }
            // A service that already had another one keeps it.
            var changed = web.ports[""] ?? odd
            changed.scheduler = scheduler
            await proxier.onServiceUpdate(web, service("web", changed))
            await proxier.onEndpointSliceAdd(slice("web", "10.244.1.1:80", "10.244.1.2:80"))
            #expect(try await proxier.sync()?.failures.count == 2)
            #expect(try node.namespace.saved() == ["-A -t 10.96.0.1:80 -s rr", one, two])
        }

        /// While a loop runs, other syncs wait for their turn.
        @Test func manyAtOnce() async throws {
            let proxier = try proxier(period: .milliseconds(20))
            try await running(proxier) {
                await proxier.tell([web])
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for worker in 1...8 {
                        group.addTask {
                            for number in 1...10 {
                                await proxier.onEndpointSliceAdd(slice("web", "10.244.\(worker).\(number):80"))
                                try await proxier.sync()
                                _ = try await proxier.plan()
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                await proxier.onEndpointSliceAdd(slice("web", "10.244.1.1:80"))
                try await reaches(["-A -t 10.96.0.1:80 -s rr", one])
            }
        }
    }
}
