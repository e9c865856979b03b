import CRTNetlink
import Glibc
import IPVS
import IPVSNode
import IPVSNodeTestFakes
import IPVSProxyTestSamples
import Logging
import Testing

@testable import IPVSProxy

@Suite("What belongs to the proxier")
struct OwnershipTests {
    private let port = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")])
    private let own = id("TCP 10.96.0.1:80")
    private let endpoint = ServiceEndpoint("10.244.0.1:8080")

    /// A virtual server that others have added.
    private func add(_ text: String, to table: FakeTable, flags: VirtualServer.Flags = []) {
        var service = Table.Entry(VirtualServer(id(text), scheduler: .weightedRoundRobin, flags: flags))
        service.replace(RealServer(endpoint.endpoint, forwarding: .masquerade))
        table.with { $0.services[id(text)] = service }
    }

    @Test("Virtual servers of others are kept during syncs, restarts and clean-ups")
    func others() async throws {
        let harness = try Harness()
        let foreign = ["TCP 10.96.0.1:81", "TCP 192.0.2.10:30080", "UDP 10.96.0.1:80", "TCP [2001:db8::1]:80"]
        for text in foreign { add(text, to: harness.table) }
        let before = harness.table.with { $0.services }
        await harness.tellAllIsThere([.web(port), .endpoints([endpoint])])
        #expect(try await harness.proxier.sync()?.isComplete == true)
        #expect(harness.services.count == 5)
        let restarted = try harness.restarted()
        await restarted.tellAllIsThere()
        #expect(try await restarted.proxier.sync()?.changes == 1)
        #expect(harness.table.with { $0.services } == before)
        let report = try await restarted.proxier.cleanup()
        #expect(report.virtualServers == 0 && report.removedInterface)
        #expect(harness.table.with { $0.services } == before)
    }

    @Test("A virtual server of others that a service needs is left alone and reported", arguments: [false, true])
    func taken(isFull: Bool) async throws {
        let harness = try Harness()
        if !isFull {
            await harness.tellAllIsThere()
            try await harness.proxier.sync()
        }
        add("TCP 10.96.0.1:80", to: harness.table)
        let before = harness.table.with { $0.services }
        await harness.tellAllIsThere([.web(port)])
        let report = try #require(try await harness.proxier.sync())
        #expect(report.kind == (isFull ? .full : .changes))
        let sentence = """
            default/web:http: can't use TCP 10.96.0.1:80, which somebody else has added to the kernel's table or edited; if \
            nobody else needs it, delete it: ipvsadm -D -t 10.96.0.1:80
            """
        #expect(report.failures.map(\.description) == [sentence])
        #expect(harness.table.with { $0.services } == before)
        // Its address is not bound either: this process or the next one would take it for its own.
        #expect(harness.addresses.isEmpty)
        for harness in [harness, try harness.restarted()] {
            await harness.tellAllIsThere([.web(port)])
            let plan = try #require(try await harness.proxier.plan())
            #expect(plan.isEmpty && plan.failures.map(\.description) == [sentence])
            harness.advance(by: harness.proxier.configuration.syncPeriod)
            #expect(try await harness.proxier.sync()?.takenOver == [])
            #expect(harness.table.with { $0.services } == before && harness.addresses.isEmpty)
        }
        // As soon as it is deleted, the proxier adds its own.
        harness.table.with { _ = $0.services.removeValue(forKey: own) }
        #expect(try await harness.proxier.sync()?.isComplete == true)
        #expect(harness.services.count == 1 && harness.addresses == [address("10.96.0.1")])
    }

    @Test("An address that other virtual servers need too is bound")
    func takenInPart() async throws {
        let harness = try Harness()
        add("TCP 10.96.0.1:80", to: harness.table)
        var secure = port
        secure.port = 443
        await harness.tellAllIsThere([.service(ServiceDefinition(web, ports: ["http": port, "https": secure]))])
        #expect(try await harness.proxier.sync()?.failures.map(\.reason) == [.notOwned])
        #expect(harness.addresses == [address("10.96.0.1")] && harness.services.count == 2)
        // So that it is needed by virtual servers of others alone shows in a sync of changes, too.
        let other = ServicePort(.tcp, 81, clusterIPs: [address("10.96.0.2")])
        add("TCP 10.96.0.2:81", to: harness.table)
        await harness.tell([.web(other, name: NamespacedName("default", "other"))])
        #expect(try await harness.proxier.sync()?.kind == .changes)
        #expect(harness.addresses == [address("10.96.0.1")])
        // Its owner deletes it.
        harness.table.with { _ = $0.services.removeValue(forKey: id("TCP 10.96.0.2:81")) }
        try await harness.proxier.sync()
        #expect(harness.addresses == [address("10.96.0.1"), address("10.96.0.2")])
    }

    @Test("A virtual server that has lost its mark is taken over where it is wanted at an address of the interface")
    func lostMark() async throws {
        let first = try Harness()
        await first.tellAllIsThere([.web(port), .endpoints([endpoint])])
        try await first.proxier.sync()
        // Bits of no proxier of this node are not a mark either.
        for flags in [VirtualServer.Flags(), Ownership(interface: "gone0").mark] {
            first.table.with { state in
                state.services[own]?.server.flags = flags
                state.services[own]?.server.scheduler = .weightedRoundRobin
            }
            add("TCP 10.96.0.1:81", to: first.table, flags: flags)
            let log = LogLines()
            let harness = try first.restarted(log: log)
            await harness.tellAllIsThere([.web(port), .endpoints([endpoint])])
            #expect(try await harness.proxier.plan()?.failures.isEmpty == true)
            let report = try #require(try await harness.proxier.sync())
            #expect(report.isComplete && report.takenOver == [own])
            #expect(log.messages(.notice) == ["virtual servers without the proxier's mark taken over: 1 (\(own))"])
            let server = harness.table.with { $0.services[own]?.server }
            #expect(server?.flags == Ownership(interface: "kube-ipvs0").mark && server?.scheduler == .roundRobin)
            harness.advance(by: harness.proxier.configuration.syncPeriod)
            #expect(try await harness.proxier.sync()?.takenOver == [])
            // What is not wanted there is not.
            #expect(harness.table.with { $0.services[id("TCP 10.96.0.1:81")]?.server.flags } == flags)
        }
        #expect(try await first.restarted().proxier.cleanup().virtualServers == 1)
        #expect(Set(first.services.keys) == ["TCP 10.96.0.1:81"])
    }

    @Test("A sync of changes takes over as well, and asks for the addresses only then")
    func lostMarkInChanges() async throws {
        let harness = try Harness()
        await harness.tellAllIsThere([.web(port), .endpoints([endpoint])])
        try await harness.proxier.sync()
        add("TCP 10.96.0.1:443", to: harness.table)
        var secure = port
        secure.port = 443
        await harness.tell([.service(ServiceDefinition(web, ports: ["http": port, "https": secure]))])
        let report = try #require(try await harness.proxier.sync())
        #expect(report.kind == .changes && report.isComplete && report.takenOver == [id("TCP 10.96.0.1:443")])
        #expect(harness.services["TCP 10.96.0.1:443"] == [])
        harness.route.with { $0.sends = [] }
        await harness.tell([.web(port)])
        #expect(try await harness.proxier.sync()?.kind == .changes)
        #expect(harness.route.with { $0.sends.isEmpty })
    }

    @Test("What has the mark of another proxier of the node is not taken over", arguments: [false, true])
    func anothersMark(isFull: Bool) async throws {
        let first = try Harness()
        let other = first.route.with { $0.add("other0", kind: "dummy") }
        first.route.with { $0.interfaces[other]?.alias = InterfaceLabel().description }
        await first.tellAllIsThere([.web(port)])
        try await first.proxier.sync()
        let mark = Ownership(interface: "other0").mark
        let harness = isFull ? try first.restarted() : first
        first.table.with { $0.services[own]?.server.flags = mark }
        await harness.tellAllIsThere([.web(port), .endpoints([endpoint])])
        let report = try #require(try await harness.proxier.sync())
        #expect(report.kind == (isFull ? .full : .changes))
        #expect(report.failures.map(\.reason) == [.notOwned] && report.takenOver.isEmpty)
        #expect(harness.table.with { $0.services[own]?.server.flags } == mark)
    }

    @Test("Node ports without a mark are the proxier's only as long as it remembers them")
    func lostMarkOfNodePort() async throws {
        let harness = try Harness()
        var port = port
        port.nodePort = 30_080
        let nodePort = id("TCP 192.0.2.10:30080")
        await harness.tellAllIsThere([.web(port)])
        try await harness.proxier.sync()
        let edited = harness.table.with { state in
            state.services[nodePort]?.server.flags = []
            return state.services[nodePort]
        }
        let restarted = try harness.restarted()
        await restarted.tellAllIsThere([.web(port)])
        let report = try await restarted.proxier.sync()
        let sentence = """
            default/web:http: can't use TCP 192.0.2.10:30080, which somebody else has added to the kernel's table or edited; \
            if nobody else needs it, delete it: ipvsadm -D -t 192.0.2.10:30080
            """
        #expect(report?.failures.map(\.description) == [sentence])
        #expect(harness.table.with { $0.services[nodePort] } == edited)
        // The process that has made it corrects it.
        harness.advance(by: harness.proxier.configuration.syncPeriod)
        #expect(try await harness.proxier.sync()?.isComplete == true)
        #expect(try await restarted.proxier.sync()?.isComplete == true)
    }

    @Test("The proxier's virtual servers stay its own without the mark, and after failures", arguments: [false, true])
    func unmarked(failsForGood: Bool) async throws {
        let harness = try Harness()
        await harness.tellAllIsThere()
        try await harness.proxier.sync()
        let refused = ServiceEndpoint("10.244.0.9:8080")
        harness.table.with { state in
            state.verdict = { change in
                guard case .addRealServer(let real, _) = change else { return nil }
                return !failsForGood || real.endpoint == refused.endpoint ? EINVAL : nil
            }
        }
        await harness.tell([.web(port), .endpoints(failsForGood ? [endpoint, refused] : [endpoint])])
        #expect(try await harness.proxier.sync()?.failures.count == 1)
        if !failsForGood {
            harness.table.with { $0.verdict = { _ in nil } }
            #expect(try await harness.proxier.sync()?.isComplete == true)
        }
        // `ipvsadm --edit-service` does this.
        harness.table.with { state in
            state.services[own]?.server.flags = []
            state.services[own]?.server.scheduler = .weightedRoundRobin
        }
        harness.advance(by: harness.proxier.configuration.syncPeriod)
        let report = try await harness.proxier.sync()
        #expect(report?.failures.contains { $0.reason == .notOwned } == false)
        #expect(harness.table.with { $0.services[own]?.server.scheduler } == .roundRobin)
        harness.table.with { $0.services[own]?.server.flags = [] }
        // It remembers a virtual server that could not be deleted.
        harness.table.with { state in state.verdict = { if case .deleteVirtualServer = $0 { EIO } else { nil } } }
        await harness.tell([.serviceDeleted(web)])
        for _ in 0..<2 {
            #expect(try await harness.proxier.sync()?.failures.count == 1)
            harness.advance(by: harness.proxier.configuration.syncPeriod)
        }
        harness.table.with { $0.verdict = { _ in nil } }
        #expect(try await harness.proxier.sync()?.isComplete == true)
        #expect(harness.services.isEmpty)
    }

    @Test("A clean-up leaves virtual servers without a mark, and names those at the proxier's addresses")
    func cleanupLeavesWhatHasNoMark() async throws {
        let harness = try Harness()
        await harness.tellAllIsThere([.web(port), .endpoints([endpoint])])
        try await harness.proxier.sync()
        // `ipvsadm --edit-service` of the proxier's own, and another program's at the same address and elsewhere.
        harness.table.with { state in
            state.services[own]?.server.flags = []
            for text in ["TCP 10.96.0.1:8443", "TCP 198.51.100.9:80"] {
                state.services[id(text)] = Table.Entry(VirtualServer(id(text), scheduler: .roundRobin))
            }
        }
        let report = try await harness.restarted().proxier.cleanup()
        #expect(report.left == [own, id("TCP 10.96.0.1:8443")])
        #expect(report.virtualServers == 0 && report.addresses == 1 && report.failures.isEmpty)
        #expect(Set(harness.services.keys) == ["TCP 10.96.0.1:80", "TCP 10.96.0.1:8443", "TCP 198.51.100.9:80"])
        // The next one finds no addresses of its own.
        #expect(try await harness.restarted().proxier.cleanup() == CleanupReport())
    }

    @Test("A node port that it failed to add, and that others have added, belongs to them")
    func notMade() async throws {
        let harness = try Harness()
        var port = port
        port.nodePort = 30_080
        await harness.tellAllIsThere()
        try await harness.proxier.sync()
        let nodePort = id("TCP 192.0.2.10:30080")
        harness.table.with { state in
            state.verdict = { change in
                if case .addVirtualServer(let server) = change, server.id == nodePort { ENOMEM } else { nil }
            }
        }
        await harness.tell([.web(port), .endpoints([endpoint])])
        #expect(try await harness.proxier.sync()?.failures.count == 1)
        harness.table.with { $0.verdict = { _ in nil } }
        add("\(nodePort)", to: harness.table)
        let before = harness.table.with { $0.services }
        for _ in 0..<2 {
            #expect(try await harness.proxier.sync()?.failures.map(\.reason) == [.notOwned])
            harness.advance(by: harness.proxier.configuration.syncPeriod)
        }
        #expect(harness.table.with { $0.services } == before)
    }

    @Test("Two proxiers with two interfaces leave each other alone")
    func two() async throws {
        let harness = try Harness()
        await harness.tellAllIsThere([.web(port)])
        try await harness.proxier.sync()
        var configuration = Harness.configuration
        configuration.interface = "other0"
        let other = try harness.restarted(configuration)
        await other.tellAllIsThere([.web(ServicePort(.tcp, 80, clusterIPs: [address("10.97.0.1")]))])
        try await other.proxier.sync()
        #expect(harness.services.count == 2)
        #expect(other.addresses == [address("10.97.0.1")])
        try await other.proxier.cleanup()
        #expect(Set(harness.services.keys) == ["TCP 10.96.0.1:80"])
        #expect(harness.addresses == [address("10.96.0.1")])
        #expect(harness.route.with { $0.addresses(of: "other0") } == nil)
    }

    @Test("Excluded blocks are left alone")
    func excluded() async throws {
        var configuration = Harness.configuration
        let harness = try Harness(configuration)
        let other = NamespacedName("default", "other")
        await harness.tellAllIsThere([
            .web(port), .web(ServicePort(.tcp, 80, clusterIPs: [address("10.97.0.1")]), name: other),
        ])
        try await harness.proxier.sync()
        configuration.excludedBlocks = [block("10.97.0.0/16")]
        let restarted = try harness.restarted(configuration)
        await restarted.tellAllIsThere()
        try await restarted.proxier.sync()
        #expect(Set(restarted.services.keys) == ["TCP 10.97.0.1:80"])
        #expect(restarted.addresses == [address("10.97.0.1")])
        let report = try await restarted.proxier.cleanup()
        #expect(report.virtualServers == 0 && report.addresses == 0 && !report.removedInterface)
        #expect(restarted.addresses == [address("10.97.0.1")])
        // The owner is still known, so a clean-up without exclusions removes them.
        let last = try await harness.restarted().proxier.cleanup()
        #expect(last.virtualServers == 1 && last.addresses == 1 && last.removedInterface)
        #expect(harness.services.isEmpty && harness.addresses.isEmpty)
    }

    @Test("A clean-up with nothing to clean up")
    func nothingToClean() async throws {
        let route = RouteKernel { $0.add("kube-ipvs0", kind: "dummy", ["10.96.0.1/32"]) }
        let harness = try Harness(route: route)
        add("TCP 10.96.0.1:80", to: harness.table)
        // The interface belongs to another proxy.
        let report = try await harness.proxier.cleanup()
        #expect(report == CleanupReport())
        #expect(harness.services.count == 1 && harness.addresses == [address("10.96.0.1")])
    }
}
