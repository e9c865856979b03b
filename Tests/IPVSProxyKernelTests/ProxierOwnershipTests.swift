import Foundation
import IPVS
import IPVSNode
import IPVSProxyTestSamples
import IPVSTestKernel
import Testing

@testable import IPVSProxy

extension ProxyKernelTests {
    /// Objects of others in the same table and on the same interface.
    @Suite struct ProxierOwnership {
        let node: TestNode
        let clock = TestClock()
        let web = service("web", ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 1)]))
        let api = service("api", ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 2)]))
        let endpoints = slice("web", "10.244.1.1:80")
        let own = ["-A -t 10.96.0.1:80 -s rr", "-a -t 10.96.0.1:80 -r 10.244.1.1:80 -m -w 1"]

        init() throws { node = try TestNode() }

        /// Adds virtual servers that no proxier made, and returns ipvsadm's saved form of them.
        private func addOthers() throws -> [String] {
            let others = [
                // One of the proxier's addresses with another port, and with another protocol.
                "-A -t 10.96.0.1:9999 -s wlc", "-a -t 10.96.0.1:9999 -r 10.244.9.9:80 -m -w 3",
                "-A -u 10.96.0.1:80 -s rr",
                // The node's address.
                "-A -t 192.0.2.1:80 -s rr",
                "-A -f 7 -s sh -p 60", "-a -f 7 -r 10.244.9.9:0 -g -w 1",
                "-A -t [2001:db8:9::1]:80 -s rr",
            ]
            for line in others { try node.namespace.ipvsadm(line) }
            return others
        }

        @Test func othersStay() async throws {
            try node.addNodeAddresses()
            let others = try addOthers()
            let excluding = { (configuration: inout Proxier.Configuration) in
                configuration.excludedBlocks = [block("10.201.0.0/16")]
            }
            let proxier = try node.proxier(clock, excluding)
            await proxier.tell([web, api], [endpoints])
            try await proxier.syncWell()
            try node.namespace.run("ip", "addr", "add", "10.200.0.1/24", "dev", "kube-ipvs0")
            try node.namespace.run("ip", "-6", "addr", "add", "fd02::1/64", "dev", "kube-ipvs0")
            try node.namespace.run("ip", "addr", "add", "10.201.0.1/32", "dev", "kube-ipvs0")
            try node.namespace.ipvsadm("-A -t 10.201.0.1:80 -s rr")
            let all = others + own + ["-A -t 10.201.0.1:80 -s rr"]
            let foreignAddresses = ["10.200.0.1/24", "10.201.0.1/32", "fd02::1/64"]

            await proxier.onServiceDelete(api)
            try await proxier.syncWell()
            #expect(try node.namespace.saved() == all.sorted())
            clock.advance(by: .seconds(3_600))
            #expect(try await proxier.syncWell().kind == .full)
            #expect(try node.namespace.saved() == all.sorted())
            #expect(Set(try node.addresses() ?? []) == Set(foreignAddresses + ["10.96.0.1/32"]))

            let next = try node.proxier(clock, excluding)
            await next.tell([web], [endpoints])
            #expect(try await next.syncWell().isIdle)
            let report = try await next.cleanup()
            #expect(report.virtualServers == 1 && report.addresses == 1 && !report.removedInterface)
            let left = others + ["-A -t 10.201.0.1:80 -s rr"]
            #expect(try node.namespace.saved() == left.sorted())
            #expect(Set(try node.addresses() ?? []) == Set(foreignAddresses))

            // The interface no longer belongs to the proxier, and the next one must not take these over either.
            let last = try node.proxier(clock, excluding)
            await last.tell([web], [endpoints])
            try await last.syncWell()
            clock.advance(by: .seconds(3_600))
            try await last.syncWell()
            #expect(try node.namespace.saved() == all.sorted())
            #expect(Set(try node.addresses() ?? []) == Set(foreignAddresses + ["10.96.0.1/32"]))
        }

        /// A service wants the identity of others' virtual server: that is reported, and it gets it when it is free.
        @Test func anIdentityThatIsTaken() async throws {
            try node.namespace.ipvsadm("-A -t 10.96.0.1:80 -s wlc")
            try node.namespace.ipvsadm("-a -t 10.96.0.1:80 -r 10.244.9.9:80 -m -w 3")
            let withOthers = (try node.namespace.saved() + ["-A -t 10.96.0.2:80 -s rr"]).sorted()
            let proxier = try node.proxier(clock)
            await proxier.tell([web, api], [endpoints])
            for kind in [SyncReport.Kind.full, .changes, .full] {
                if kind == .full { clock.advance(by: .seconds(3_600)) }
                let report = try #require(try await proxier.sync())
                #expect(report.kind == kind)
                #expect(report.failures.map(\.reason) == [.notOwned])
                let text = """
                    default/web: can't use TCP 10.96.0.1:80, which somebody else has added to the kernel's table or edited; \
                    if nobody else needs it, delete it: ipvsadm -D -t 10.96.0.1:80
                    """
                #expect(report.failures.map(\.description) == [text])
                #expect(try node.addresses() == ["10.96.0.2/32"])
                #expect(try node.namespace.saved() == withOthers)
            }
            // Nor is it deleted with the service.
            await proxier.onServiceDelete(web)
            try await proxier.syncWell()
            #expect(try node.namespace.saved() == withOthers)
            await proxier.onServiceAdd(web)
            #expect(try await proxier.sync()?.failures.count == 1)
            try node.namespace.ipvsadm("-D -t 10.96.0.1:80")
            #expect(try await proxier.syncWell().kind == .changes)
            #expect(try node.namespace.saved() == (own + ["-A -t 10.96.0.2:80 -s rr"]).sorted())
        }

        /// ipvsadm removes the mark of a virtual server that it edits. A process that is started later takes it over where the
        /// proxier's interface has its address, and reports an edited node port.
        @Test(arguments: AddressBinder.Method.allCases)
        func aVirtualServerThatWasEdited(method: AddressBinder.Method) async throws {
            try node.addNodeAddresses()
            var port = ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 1), address("fd00::1")])
            port.nodePort = 30_080
            func proxier() async throws -> Proxier {
                let proxier = try node.proxier(clock) { $0.bindingMethod = method }
                await proxier.tell([service("web", port)], [slice("web", "10.244.1.1:80", "[fd01::1]:80")])
                return proxier
            }
            try await proxier().syncWell()
            let desired = try node.namespace.saved()
            let others = ["-A -t 10.96.0.1:9999 -s wlc", "-A -u 10.96.0.1:80 -s rr"]
            for line in others { try node.namespace.ipvsadm(line) }
            try node.namespace.ipvsadm("-E -t 10.96.0.1:80 -s wlc -p 60")
            try node.namespace.ipvsadm("-E -t [fd00::1]:80 -s rr")
            let next = try await proxier()
            #expect(try await next.plan()?.failures.isEmpty == true)
            #expect(try await next.syncWell().takenOver.map(\.description) == ["TCP 10.96.0.1:80", "TCP [fd00::1]:80"])
            #expect(try node.namespace.saved() == (desired + others).sorted())
            #expect(try await proxier().syncWell().isIdle)

            try node.namespace.ipvsadm("-E -t 192.0.2.1:30080 -s wlc")
            let last = try await proxier()
            let failures = try #require(try await last.sync()).failures
            #expect(failures.map(\.reason) == [.notOwned])
            #expect(failures.map(\.description).allSatisfy { $0.hasSuffix("delete it: ipvsadm -D -t 192.0.2.1:30080") })
            // The process that remembers it as its own corrects it.
            clock.advance(by: .seconds(3_600))
            try await next.syncWell()
            #expect(try node.namespace.saved() == (desired + others).sorted())
            try await last.syncWell()
            try await last.cleanup()
            #expect(try node.namespace.saved() == others.sorted())
        }

        /// Two proxiers share a table, each with an interface of its own.
        @Test func twoProxiers() async throws {
            let first = try node.proxier(clock)
            let second = try node.proxier(clock) { $0.interface = "other0" }
            await first.tell([web], [endpoints])
            await second.tell([api])
            try await first.syncWell()
            try await second.syncWell()
            let all = (own + ["-A -t 10.96.0.2:80 -s rr"]).sorted()
            for proxier in [first, second, first, second] {
                clock.advance(by: .seconds(3_600))
                #expect(try await proxier.syncWell().isIdle)
                #expect(try node.namespace.saved() == all)
            }
            #expect(try node.addresses() == ["10.96.0.1/32"])
            #expect(try node.addresses(of: "other0") == ["10.96.0.2/32"])
            let report = try await first.cleanup()
            #expect(report.virtualServers == 1 && report.removedInterface)
            #expect(try node.namespace.saved() == ["-A -t 10.96.0.2:80 -s rr"])
            #expect(try node.addresses(of: "other0") == ["10.96.0.2/32"])
        }

        /// A node port is reachable at the node's addresses, which don't include those of another proxier's services.
        @Test func twoProxiersWithNodePorts() async throws {
            try node.addNodeAddresses()
            let first = try node.proxier(clock)
            await first.tell([web])
            try await first.syncWell()
            let second = try node.proxier(clock) { $0.interface = "other0" }
            let port = ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 97, 0, 1)], nodePort: 30_080)
            await second.tell([service("other", port)])
            try await second.syncWell()
            let expected = ["-A -t 10.96.0.1:80 -s rr", "-A -t 10.97.0.1:80 -s rr", "-A -t 192.0.2.1:30080 -s rr"]
            #expect(try node.namespace.saved() == expected)
        }
    }
}
