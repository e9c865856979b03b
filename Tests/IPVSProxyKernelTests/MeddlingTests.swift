import Foundation
import IPVS
import IPVSProxyTestSamples
import IPVSTestKernel
import Synchronization
import Testing

@testable import IPVSNode
@testable import IPVSProxy

extension ProxyKernelTests {
    /// Changes by others to what belongs to the proxier, and their correction.
    @Suite struct Meddling {
        let node: TestNode
        let clock = TestClock()
        let proxier: Proxier
        let services = (UInt8(1)...40).map {
            let addresses = [IPAddress(10, 96, 0, $0), address("fd00::\($0)")]
            return service("web-\($0)", ServicePort(.tcp, 80, clusterIPs: addresses))
        }
        let desired: [String]
        let addresses: [String]?

        init() async throws {
            node = try TestNode()
            proxier = try node.proxier(clock)
            await proxier.tell(services, services.map { slice($0.name.name, "10.244.1.1:80", "[fd01::1]:80") })
            try await proxier.syncWell()
            desired = try node.namespace.saved()
            addresses = try node.addresses()
            #expect(desired.count == 160 && addresses?.count == 80)
        }

        private func fullSync(sourceLocation: SourceLocation = #_sourceLocation) async throws -> SyncReport {
            clock.advance(by: .seconds(3_600))
            let report = try await proxier.syncWell(sourceLocation: sourceLocation)
            #expect(report.kind == .full, sourceLocation: sourceLocation)
            #expect(try node.namespace.saved() == desired, sourceLocation: sourceLocation)
            #expect(try node.addresses() == addresses, sourceLocation: sourceLocation)
            return report
        }

        @Test func theTableIsFlushed() async throws {
            try node.namespace.ipvsadm("-C")
            #expect(try await fullSync().changes == 160)
            #expect(try await fullSync().isIdle)
        }

        @Test func singleServersAreChanged() async throws {
            for line in [
                "-D -t 10.96.0.1:80", "-d -t 10.96.0.2:80 -r 10.244.1.1:80",
                "-e -t 10.96.0.3:80 -r 10.244.1.1:80 -m -w 9",
                "-e -t 10.96.0.4:80 -r 10.244.1.1:80 -g -w 1", "-a -t 10.96.0.5:80 -r 10.244.7.7:80 -m",
                "-a -t 10.96.0.6:80 -r 10.244.7.7:80 -m -w 0", "-d -t [fd00::1]:80 -r [fd01::1]:80",
            ] {
                try node.namespace.ipvsadm(line)
            }
            _ = try await fullSync()
            #expect(try await fullSync().isIdle)
        }

        /// ipvsadm doesn't know the mark, and removes it when it edits a virtual server.
        @Test func virtualServersAreEdited() async throws {
            try node.namespace.ipvsadm("-E -t 10.96.0.1:80 -s wlc")
            try node.namespace.ipvsadm("-E -t 10.96.0.2:80 -s rr -p 60")
            #expect(try await fullSync().changes == 2)
            // A sync of changes corrects that too.
            try node.namespace.ipvsadm("-E -t 10.96.0.1:80 -s wlc")
            await proxier.onEndpointSliceAdd(slice("web-1", "[fd01::1]:80", "10.244.1.1:80", "10.244.1.2:80"))
            #expect(try await proxier.syncWell().kind == .changes)
            await proxier.onEndpointSliceAdd(slice("web-1", "[fd01::1]:80", "10.244.1.1:80"))
            _ = try await proxier.syncWell()
            #expect(try node.namespace.saved() == desired)
        }

        @Test func addressesAreTakenAwayAndAdded() async throws {
            try node.namespace.run("ip", "addr", "del", "10.96.0.1/32", "dev", "kube-ipvs0")
            try node.namespace.run("ip", "addr", "add", "10.96.7.7/32", "dev", "kube-ipvs0")
            try node.namespace.run("ip", "-6", "addr", "flush", "dev", "kube-ipvs0")
            let report = try await fullSync()
            #expect(report.bound == 41 && report.unbound == 1 && report.changes == 0)
        }

        @Test func theAliasIsTakenAway() async throws {
            let alias = try node.alias()
            try node.namespace.ipvsadm("-A -t 10.96.0.1:9999 -s rr")
            try node.namespace.run("ip", "link", "set", "dev", "kube-ipvs0", "alias", "something else")
            clock.advance(by: .seconds(3_600))
            #expect(try await proxier.syncWell().isIdle)
            #expect(try node.alias() == alias)
            #expect(try node.namespace.saved() == (desired + ["-A -t 10.96.0.1:9999 -s rr"]).sorted())
        }

        @Test(arguments: [false, true])
        func theInterfaceIsRemoved(isMadeAnew: Bool) async throws {
            let alias = try node.alias()
            try node.namespace.run("ip", "link", "del", "kube-ipvs0")
            if isMadeAnew {
                try node.namespace.run("ip", "link", "add", "kube-ipvs0", "type", "dummy")
                try node.namespace.run("ip", "addr", "add", "10.96.7.7/32", "dev", "kube-ipvs0")
            }
            #expect(try await fullSync().bound == 80)
            #expect(try node.alias() == alias)
        }

        /// A sync of changes that has to create the interface notices that all other addresses are gone too.
        @Test func theInterfaceIsRemovedBeforeASyncOfChanges() async throws {
            let alias = try node.alias()
            try node.namespace.run("ip", "link", "del", "kube-ipvs0")
            await proxier.onServiceDelete(services[39])
            await proxier.onServiceAdd(service("api", ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 97, 0, 1)])))
            try await proxier.syncWell()
            #expect(try node.addresses()?.count == 79)
            #expect(try node.alias() == alias)
        }

        /// Others remove the interface repeatedly during syncs: no sync hangs, and the final state is right.
        @Test func theInterfaceIsRemovedAllTheTime() async throws {
            let remover = try AddressBinder(namespace: .path(node.namespace.path))
            let state = Mutex((isStopped: false, hasEnded: false, removals: 0))
            Thread.detachNewThread {
                while !state.withLock({ $0.isStopped }) {
                    // Sometimes there is none, and sometimes it is removed while it is looked up.
                    if (try? remover.removeInterface()) == true { state.withLock { $0.removals += 1 } }
                    usleep(500)
                }
                state.withLock { $0.hasEnded = true }
            }
            var (failures, errors) = (0, 0)
            for round in 1...20 {
                await proxier.onServiceAdd(
                    service("api", ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 97, 0, UInt8(round))]))
                )
                if round % 3 == 0 { clock.advance(by: .seconds(3_600)) }
                do {
                    failures += try await proxier.sync()?.failures.count ?? 0
                } catch {
                    #expect((error as? AddressError)?.code == .interfaceChanging, "\(error)")
                    errors += 1
                }
            }
            state.withLock { $0.isStopped = true }
            try eventually(every: 1_000) { state.withLock { $0.hasEnded } }
            print("\(state.withLock { $0.removals }) removals: \(failures) failures, \(errors) syncs broken off")
            #expect(state.withLock { $0.removals } > 0)
            await proxier.onServiceDelete(service("api", ServicePort(.tcp, 80)))
            _ = try await fullSync()
            #expect(try await fullSync().isIdle)
        }

        /// An address that can't be bound is a failure even if its virtual server is already right.
        @Test func anAddressThatCanNotBeBoundAgain() async throws {
            let disabled = "net.ipv6.conf.kube-ipvs0.disable_ipv6"
            try node.namespace.run("sysctl", "-w", "\(disabled)=1")
            clock.advance(by: .seconds(3_600))
            let report = try #require(try await proxier.sync())
            #expect(report.kind == .full && report.failures.count == 40)
            let first = "default/web-1: can't bind fd00::1 to kube-ipvs0: IPv6 is disabled"
            #expect(report.failures.contains { $0.description.hasPrefix(first) }, "\(report)")
            #expect(try node.namespace.saved() == desired)
            // The others are programmed, and the failed ones are retried.
            await proxier.onEndpointSliceDelete(slice("web-1"))
            #expect(try await proxier.sync()?.failures.count == 40)
            try node.namespace.run("sysctl", "-w", "\(disabled)=0")
            #expect(try await proxier.syncWell().bound == 40)
            #expect(try node.addresses() == addresses)
        }
    }
}
