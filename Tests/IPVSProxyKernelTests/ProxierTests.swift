import Foundation
import IPVS
import IPVSNode
import IPVSProxyTestSamples
import IPVSTestKernel
import Testing

@testable import IPVSProxy

extension ProxyKernelTests {
    /// The kernel's state for services and endpoints, according to ipvsadm and ip.
    @Suite struct Proxying {
        let node: TestNode

        init() throws { node = try TestNode() }

        @Test func everyKindOfAddress() async throws {
            try node.addNodeAddresses()
            let proxier = try node.proxier { $0.nodePortBlocks = [block("192.0.2.0/24"), block("2001:db8::/32")] }
            let web = ServicePort(
                .tcp,
                80,
                clusterIPs: [address("10.96.0.1"), address("fd00::1")],
                nodePort: 30_080,
                // One is the node's own address.
                externalIPs: [address("203.0.113.1"), address("192.0.2.1")],
                loadBalancerIPs: [address("203.0.113.2"), address("2001:db8:1::2")]
            )
            let dns = ServicePort(
                .udp,
                53,
                clusterIPs: [address("10.96.0.10")],
                sessionAffinity: .clientIP(timeout: 600),
                scheduler: .sourceHashing
            )
            await proxier.tell(
                [service("web", web), service("dns", dns)],
                [
                    slice("web", "10.244.1.1:8080", "10.244.1.2:8080", "[fd01::1]:8080"),
                    slice("dns", "10.244.1.3:5353"),
                ]
            )
            let report = try await proxier.syncWell()
            #expect(report.kind == .full)
            #expect(report.bound == 6)
            #expect(report.draining == 0)
            let four = ["10.96.0.1:80", "192.0.2.1:30080", "192.0.2.1:80", "203.0.113.1:80", "203.0.113.2:80"]
            let six = ["[2001:db8:1::2]:80", "[2001:db8::1]:30080", "[fd00::1]:80"]
            let expected =
                four.flatMap { place in
                    ["-A -t \(place) -s rr"]
                        + [1, 2].map { "-a -t \(place) -r 10.244.1.\($0):8080 -m -w 1" }
                }
                + six.flatMap { ["-A -t \($0) -s rr", "-a -t \($0) -r [fd01::1]:8080 -m -w 1"] }
                + ["-A -u 10.96.0.10:53 -s sh -p 600", "-a -u 10.96.0.10:53 -r 10.244.1.3:5353 -m -w 1"]
            #expect(try node.namespace.saved() == expected.sorted())
            #expect(report.changes == expected.count)
            let bound = [
                "10.96.0.1/32", "10.96.0.10/32", "2001:db8:1::2/128", "203.0.113.1/32", "203.0.113.2/32", "fd00::1/128",
            ]
            #expect(try node.addresses() == bound)
            #expect(try node.alias()?.split(separator: " ").first == "swift-ipvs")
            #expect(try node.setting("net.ipv4.ip_forward") == "1")
        }

        @Test func localPoliciesAndEndpointsOnTheirWayOut() async throws {
            try node.addNodeAddresses()
            let proxier = try node.proxier()
            let web = ServicePort(
                .tcp,
                80,
                clusterIPs: [address("10.96.0.1")],
                nodePort: 30_080,
                internalTrafficPolicy: .cluster,
                externalTrafficPolicy: .local
            )
            let inner = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.2")], internalTrafficPolicy: .local)
            let leaving = ServiceEndpoint("10.244.1.3:80", isReady: false, isServing: true, isTerminating: true)
            let gone = ServiceEndpoint("10.244.1.4:80", isReady: false, isServing: false, isTerminating: true)
            let late = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.3")])
            await proxier.tell(
                [service("web", web), service("inner", inner), service("late", late)],
                [
                    slice("web", [ServiceEndpoint("10.244.1.1:80", isLocal: true), ServiceEndpoint("10.244.1.2:80")]),
                    slice("inner", "10.244.1.2:80"), slice("late", [leaving, gone]),
                ]
            )
            try await proxier.syncWell()
            let expected = [
                "-A -t 10.96.0.1:80 -s rr", "-A -t 10.96.0.2:80 -s rr", "-A -t 10.96.0.3:80 -s rr",
                "-A -t 192.0.2.1:30080 -s rr", "-a -t 10.96.0.1:80 -r 10.244.1.1:80 -m -w 1",
                "-a -t 10.96.0.1:80 -r 10.244.1.2:80 -m -w 1", "-a -t 10.96.0.3:80 -r 10.244.1.3:80 -m -w 1",
                "-a -t 192.0.2.1:30080 -r 10.244.1.1:80 -m -w 1",
            ]
            #expect(try node.namespace.saved() == expected)
            // A ready endpoint replaces the terminating ones.
            let ready = slice("late", [leaving, gone, ServiceEndpoint("10.244.1.5:80")])
            await proxier.onEndpointSliceUpdate(slice("late", [leaving, gone]), ready)
            #expect(try await proxier.syncWell().kind == .changes)
            let changed = expected.map { $0.replacingOccurrences(of: "10.244.1.3:80", with: "10.244.1.5:80") }
            #expect(try node.namespace.saved() == changed)
        }

        @Test func nothingBeforeBothListsAreTold() async throws {
            try node.namespace.ipvsadm("-A -t 10.96.0.9:80 -s rr")
            let forwarding = try node.setting("net.ipv4.ip_forward")
            let proxier = try node.proxier()
            await proxier.onServiceAdd(service("web", ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")])))
            #expect(try await proxier.sync() == nil)
            await proxier.onServiceSynced()
            #expect(try await proxier.sync() == nil)
            await proxier.onEndpointSliceAdd(slice("web", "10.244.1.1:80"))
            #expect(try await proxier.sync() == nil)
            #expect(try node.namespace.saved() == ["-A -t 10.96.0.9:80 -s rr"])
            #expect(try !node.namespace.hasInterface("kube-ipvs0"))
            #expect(try node.setting("net.ipv4.ip_forward") == forwarding)
            await proxier.onEndpointSliceSynced()
            try await proxier.syncWell()
            #expect(try node.namespace.saved().count == 3)
        }

        /// A sync of changes writes only what changed; what others changed elsewhere waits for the full sync.
        @Test func aChangedEndpoint() async throws {
            let clock = TestClock()
            let proxier = try node.proxier(clock)
            let services = (UInt8(1)...40).map {
                service("web-\($0)", ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, $0)]))
            }
            await proxier.tell(services, services.map { slice($0.name.name, "10.244.1.1:80", "10.244.1.2:80") })
            try await proxier.syncWell()
            let before = try node.namespace.saved()
            try node.namespace.ipvsadm("-d -t 10.96.0.2:80 -r 10.244.1.1:80")
            await proxier.onEndpointSliceAdd(slice("web-1", "10.244.1.1:80", "10.244.1.3:80"))
            let report = try await proxier.syncWell()
            #expect(report.kind == .changes)
            // One is added; the other loses its weight, and is deleted as it has no connections.
            #expect(report.changes == 2 && report.drained == 1 && report.bound == 0)
            var expected = before.filter { $0 != "-a -t 10.96.0.2:80 -r 10.244.1.1:80 -m -w 1" }
            expected = expected.map {
                $0.replacingOccurrences(of: "10.96.0.1:80 -r 10.244.1.2", with: "10.96.0.1:80 -r 10.244.1.3")
            }
            #expect(try node.namespace.saved() == expected.sorted())
            #expect(try await proxier.syncWell().kind == .changes)
            #expect(try node.namespace.saved() == expected.sorted())

            clock.advance(by: .seconds(3_600))
            let full = try await proxier.syncWell()
            #expect(full.kind == .full && full.changes == 1)
            expected.append("-a -t 10.96.0.2:80 -r 10.244.1.1:80 -m -w 1")
            #expect(try node.namespace.saved() == expected.sorted())

            await proxier.onServiceDelete(services[0])
            let deletion = try await proxier.syncWell()
            #expect(deletion.kind == .changes && deletion.changes == 1 && deletion.unbound == 1)
            #expect(try node.namespace.saved() == expected.filter { !$0.contains("10.96.0.1:80") }.sorted())
            #expect(try node.addresses()?.contains("10.96.0.1/32") == false)
        }

        @Test func aSecondSyncHasNothingToDo() async throws {
            try node.addNodeAddresses()
            let clock = TestClock()
            let ports = [
                ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1"), address("fd00::1")], nodePort: 30_080),
                ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.2")], scheduler: .maglevHashing),
                ServicePort(.udp, 53, clusterIPs: [address("10.96.0.3")], sessionAffinity: .clientIP),
                ServicePort(.udp, 53, clusterIPs: [address("10.96.0.4")], scheduler: .sourceHashing),
            ]
            let services = ports.enumerated().map { service("web-\($0)", $1) }
            let slices = services.map { slice($0.name.name, "10.244.1.1:80", "10.244.1.2:80", "[fd01::1]:80") }
            let proxier = try node.proxier(clock)
            await proxier.tell(services, slices)
            try await proxier.syncWell()
            let (saved, addresses, alias) = (try node.namespace.saved(), try node.addresses(), try node.alias())
            clock.advance(by: .seconds(3_600))
            let again = try await proxier.syncWell()
            #expect(again.kind == .full && again.isIdle, "\(again)")
            // Nor does a sync of a restarted process change anything.
            let next = try node.proxier(clock)
            await next.tell(services, slices)
            #expect(try await next.plan()?.isEmpty == true)
            let report = try await next.syncWell()
            #expect(report.kind == .full && report.isIdle, "\(report)")
            #expect(report.settings?.changes == [])
            #expect(try node.namespace.saved() == saved)
            #expect(try node.addresses() == addresses)
            #expect(try node.alias() == alias)
        }

        @Test func aPlanChangesNothing() async throws {
            let proxier = try node.proxier()
            await proxier.tell(
                [service("web", ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")]))],
                [slice("web", "10.244.1.1:80")]
            )
            let plan = try #require(try await proxier.plan())
            #expect(plan.addressesToBind == [address("10.96.0.1")])
            #expect(plan.plan.changes.count == 2 && plan.failures.isEmpty)
            #expect(try node.namespace.saved().isEmpty)
            #expect(try node.addresses() == nil)
            let report = try await proxier.syncWell()
            #expect(report.changes == 2 && report.bound == 1)
            #expect(try await proxier.plan()?.isEmpty == true)
        }

        /// The node gets another address: it has the node ports too, starting with the next full sync.
        @Test func aNewNodeAddress() async throws {
            try node.addNodeAddresses()
            let clock = TestClock()
            let proxier = try node.proxier(clock)
            let port = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")], nodePort: 30_080)
            await proxier.tell([service("web", port)])
            try await proxier.syncWell()
            #expect(try node.namespace.saved() == ["-A -t 10.96.0.1:80 -s rr", "-A -t 192.0.2.1:30080 -s rr"])
            try node.namespace.run("ip", "addr", "add", "198.51.100.1/24", "dev", "eth7")
            try node.namespace.run("ip", "addr", "del", "192.0.2.1/24", "dev", "eth7")
            clock.advance(by: .seconds(3_600))
            try await proxier.syncWell()
            #expect(try node.namespace.saved() == ["-A -t 10.96.0.1:80 -s rr", "-A -t 198.51.100.1:30080 -s rr"])
        }
    }
}
