import Foundation
import IPVS
import IPVSProxyTestSamples
import IPVSTestKernel
import Testing

@testable import IPVSNode
@testable import IPVSProxy

extension ProxyKernelTests {
    /// The objects and settings that a clean-up removes and restores.
    @Suite struct ProxierCleanups {
        let node: TestNode
        let web = service("web", ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 1), address("fd00::1")]))
        let endpoints = slice("web", "10.244.1.1:80", "[fd01::1]:80")
        let settings = Sysctl.ipvsMode(forwardingIPv6: true, strictARP: true)

        init() throws { node = try TestNode() }

        private func proxier() throws -> Proxier { try node.proxier { $0.sysctls = settings } }

        private func values() throws -> [String: String] {
            try Dictionary(uniqueKeysWithValues: settings.map { ($0.name, try node.setting($0.name)) })
        }

        /// Everything is removed, whether by the process that added it or by another one that has no objects.
        @Test(arguments: [false, true])
        func allOfItsOwn(byAnother: Bool) async throws {
            try node.namespace.ipvsadm("-A -t 10.99.0.1:80 -s rr")
            let before = try values()
            let proxier = try proxier()
            await proxier.tell([web], [endpoints])
            let report = try await proxier.syncWell()
            let changed = try values()
            #expect(changed == Dictionary(uniqueKeysWithValues: settings.map { ($0.name, "\($0.value)") }))
            #expect(report.settings?.changes.map(\.name) == settings.map(\.name).filter { before[$0] != changed[$0] })
            #expect(report.settings?.changes.isEmpty == false)
            // A restart must not forget the original settings.
            let next = try self.proxier()
            await next.tell([web], [endpoints])
            #expect(try await next.syncWell().settings?.changes.isEmpty == true)

            let cleaner = byAnother ? try self.proxier() : next
            let cleanup = try await cleaner.cleanup()
            #expect(cleanup.virtualServers == 2 && cleanup.addresses == 2 && cleanup.removedInterface)
            #expect(cleanup.failures.isEmpty && cleanup.settings.failures.isEmpty)
            #expect(try node.namespace.saved() == ["-A -t 10.99.0.1:80 -s rr"])
            #expect(try node.addresses() == nil)
            #expect(try values() == before)

            let again = try await cleaner.cleanup()
            #expect(again == CleanupReport())
            #expect(try node.namespace.saved() == ["-A -t 10.99.0.1:80 -s rr"])
            #expect(try values() == before)
            // It can start again.
            await cleaner.tell([web], [endpoints])
            #expect(try await cleaner.syncWell().kind == .full)
            #expect(try node.namespace.saved().count == 5)
            #expect(try values() == changed)
        }

        /// The timeouts of idle connections are set and restored like sysctls, together with all of these.
        @Test func timeouts() async throws {
            let (before, sysctls) = (try node.handle.timeouts(), try values())
            #expect(before == Timeouts(tcp: 900, tcpFIN: 120, udp: 300))
            let wanted = Timeouts(tcp: 2_000_000, tcpFIN: 2_000_001, udp: 2_000_002)
            func proxier(_ timeouts: Timeouts) async throws -> Proxier {
                let proxier = try node.proxier {
                    $0.sysctls = settings
                    $0.timeouts = timeouts
                }
                await proxier.tell([web], [endpoints])
                return proxier
            }
            #expect(try await proxier(wanted).plan()?.timeouts.count == 3)
            #expect(try await proxier(wanted).syncWell().timeouts?.changes.count == 3)
            #expect(try node.handle.timeouts() == wanted)
            #expect(try await proxier(wanted).syncWell().timeouts?.changes.isEmpty == true)
            // The kernel's clock can't count this one, and the others don't depend on it.
            let report = try await proxier(Timeouts(tcp: UInt32(Int32.max), udp: 60)).syncWell()
            #expect(report.timeouts?.failures.map(\.setting) == [.tcp])
            #expect(try node.handle.timeouts() == Timeouts(tcp: 2_000_000, tcpFIN: 2_000_001, udp: 60))
            try node.handle.setTimeouts(Timeouts(tcpFIN: 10))
            #expect(try await node.proxier().cleanup().timeouts.changes.map(\.setting) == [.tcp, .udp])
            #expect(try node.handle.timeouts() == Timeouts(tcp: 900, tcpFIN: 10, udp: 300))
            #expect(try values() == sysctls)
        }

        @Test func aSettingThatSomebodyChangedSince() async throws {
            let name = "net.ipv4.conf.all.arp_announce"
            let before = try values()
            let proxier = try proxier()
            await proxier.tell([web])
            try await proxier.syncWell()
            try node.namespace.run("sysctl", "-w", "\(name)=1")
            try await proxier.cleanup()
            #expect(try values() == before.merging([name: "1"]) { $1 })
        }

        /// A process that finds a setting changed sets it again, and the original value is still known.
        @Test func aSettingThatIsMadeTwice() async throws {
            let name = "net.ipv4.conf.all.arp_announce"
            let before = try values()
            for _ in 1...2 {
                let proxier = try proxier()
                await proxier.tell([web])
                try await proxier.syncWell()
                #expect(try node.setting(name) == "2")
                try node.namespace.run("sysctl", "-w", "\(name)=1")
            }
            try node.namespace.run("sysctl", "-w", "\(name)=2")
            try await proxier().cleanup()
            #expect(try values() == before)
        }

        @Test func theInterfaceStaysIfOthersUseIt() async throws {
            let before = try values()
            let proxier = try proxier()
            await proxier.tell([web], [endpoints])
            try await proxier.syncWell()
            try node.namespace.run("ip", "addr", "add", "10.200.0.1/24", "dev", "kube-ipvs0")
            let report = try await proxier.cleanup()
            #expect(!report.removedInterface && report.addresses == 2 && report.virtualServers == 2)
            #expect(try node.addresses() == ["10.200.0.1/24"])
            #expect(try node.alias() == nil)
            #expect(try node.namespace.saved().isEmpty)
            #expect(try values() == before)
        }

        /// Addresses in excluded blocks are kept, however they were bound, and so is the interface.
        @Test(arguments: AddressBinder.Method.allCases)
        func whatIsExcluded(method: AddressBinder.Method) async throws {
            let other = service("other", ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 97, 0, 1)]))
            let first = try node.proxier { $0.bindingMethod = method }
            await first.tell([web, other])
            try await first.syncWell()
            let next = try node.proxier { $0.excludedBlocks = [block("10.97.0.0/16")] }
            let report = try await next.cleanup()
            #expect(!report.removedInterface && report.addresses == 2 && report.virtualServers == 2)
            #expect(try node.namespace.saved() == ["-A -t 10.97.0.1:80 -s rr"])
            #expect(try AddressBinder(namespace: .path(node.namespace.path)).addresses() == [IPAddress(10, 97, 0, 1)])
        }

        /// The label with the original settings was removed with the interface; the process remembers them.
        @Test func theInterfaceIsGone() async throws {
            let before = try values()
            let proxier = try proxier()
            await proxier.tell([web], [endpoints])
            try await proxier.syncWell()
            try node.namespace.run("ip", "link", "del", "kube-ipvs0")
            let report = try await proxier.cleanup()
            #expect(report.virtualServers == 2 && report.addresses == 0 && !report.removedInterface)
            #expect(try node.namespace.saved().isEmpty)
            #expect(try values() == before)
        }

        /// An interface of others with the same name is left alone, and so are the addresses bound to it.
        @Test func anInterfaceThatIsNoDummy() async throws {
            try node.namespace.run("ip", "link", "add", "kube-ipvs0", "type", "veth", "peer", "name", "other")
            let proxier = try proxier()
            await proxier.tell([web], [endpoints])
            let error = await #expect(throws: AddressError.self) { try await proxier.sync() }
            #expect(error?.code == .notADummy)
            #expect(error?.description.contains("is not a dummy; remove it, or choose another name") == true)
            #expect(try node.namespace.saved().isEmpty)
            await #expect(throws: AddressError.self) { try await proxier.cleanup() }
            #expect(try node.namespace.hasInterface("kube-ipvs0"))
            try node.namespace.run("ip", "link", "del", "kube-ipvs0")
            try await proxier.syncWell()
            #expect(try node.namespace.saved().count == 4)
        }
    }
}
