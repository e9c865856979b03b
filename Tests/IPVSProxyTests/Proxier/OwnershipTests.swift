import Glibc
import IPVS
import IPVSNode
import IPVSProxyTestSamples
import IPVSProxyTesting
import IPVSTesting
import Logging
import Testing

@testable import IPVSProxy

@Suite("What belongs to the proxier")
struct OwnershipTests {
    private let port = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")])
    private let own = id("TCP 10.96.0.1:80")
    private let endpoint = ServiceEndpoint("10.244.0.1:8080")

    @Test("Virtual servers of others are kept during syncs, restarts and clean-ups")
    func others() async throws {
        let harness = try Harness()
        let foreign = ["TCP 10.96.0.1:81", "TCP 192.0.2.10:30080", "UDP 10.96.0.1:80", "TCP [2001:db8::1]:80"]
        for text in foreign { try harness.kernel.addOthers(text) }
        let before = harness.kernel.entries
        await harness.tellAllIsThere([.web(port), .endpoints([endpoint])])
        #expect(try await harness.proxier.sync()?.isComplete == true)
        #expect(harness.services.count == 5)
        let restarted = try harness.restarted()
        await restarted.tellAllIsThere()
        #expect(try await restarted.proxier.sync()?.changes == 1)
        #expect(harness.kernel.entries == before)
        let report = try await restarted.proxier.cleanup()
        #expect(report.virtualServers == 0 && report.removedInterface)
        #expect(harness.kernel.entries == before)
    }

    @Test("A virtual server of others that a service needs is left alone and reported", arguments: [false, true])
    func taken(isFull: Bool) async throws {
        let harness = try Harness()
        if !isFull {
            await harness.tellAllIsThere()
            try await harness.proxier.sync()
        }
        try harness.kernel.addOthers("TCP 10.96.0.1:80")
        let before = harness.kernel.entries
        await harness.tellAllIsThere([.web(port)])
        let report = try #require(try await harness.proxier.sync())
        #expect(report.kind == (isFull ? .full : .changes))
        let sentence = """
            default/web:http: can't use TCP 10.96.0.1:80, which somebody else has added to the kernel's table or edited; if \
            nobody else needs it, delete it: ipvsadm -D -t 10.96.0.1:80
            """
        #expect(report.failures.map(\.description) == [sentence])
        #expect(harness.kernel.entries == before)
        // Its address is not bound either: this process or the next one would take it for its own.
        #expect(harness.addresses.isEmpty)
        for harness in [harness, try harness.restarted()] {
            await harness.tellAllIsThere([.web(port)])
            let plan = try #require(try await harness.proxier.plan())
            #expect(plan.isEmpty && plan.failures.map(\.description) == [sentence])
            harness.advance(by: harness.proxier.configuration.syncPeriod)
            #expect(try await harness.proxier.sync()?.takenOver == [])
            #expect(harness.kernel.entries == before && harness.addresses.isEmpty)
        }
        // As soon as it is deleted, the proxier adds its own.
        try harness.kernel.edit { $0[own] = nil }
        #expect(try await harness.proxier.sync()?.isComplete == true)
        #expect(harness.services.count == 1 && harness.addresses == [address("10.96.0.1")])
    }

    @Test("An address that other virtual servers need too is bound")
    func takenInPart() async throws {
        let harness = try Harness()
        try harness.kernel.addOthers("TCP 10.96.0.1:80")
        var secure = port
        secure.port = 443
        await harness.tellAllIsThere([.service(ServiceDefinition(web, ports: ["http": port, "https": secure]))])
        #expect(try await harness.proxier.sync()?.failures.map(\.reason) == [.notOwned])
        #expect(harness.addresses == [address("10.96.0.1")] && harness.services.count == 2)
        // So that it is needed by virtual servers of others alone shows in a sync of changes, too.
        let other = ServicePort(.tcp, 81, clusterIPs: [address("10.96.0.2")])
        try harness.kernel.addOthers("TCP 10.96.0.2:81")
        await harness.tell([.web(other, name: NamespacedName("default", "other"))])
        #expect(try await harness.proxier.sync()?.kind == .changes)
        #expect(harness.addresses == [address("10.96.0.1")])
        // Its owner deletes it.
        try harness.kernel.edit { $0[id("TCP 10.96.0.2:81")] = nil }
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
            try first.kernel.edit { services in
                services[own]?.server.flags = flags
                services[own]?.server.scheduler = .weightedRoundRobin
            }
            try first.kernel.addOthers("TCP 10.96.0.1:81", flags: flags)
            let log = LogLines()
            let harness = try first.restarted(log: log)
            await harness.tellAllIsThere([.web(port), .endpoints([endpoint])])
            #expect(try await harness.proxier.plan()?.failures.isEmpty == true)
            let report = try #require(try await harness.proxier.sync())
            #expect(report.isComplete && report.takenOver == [own])
            #expect(log.messages(.notice) == ["virtual servers without the proxier's mark taken over: 1 (\(own))"])
            let server = harness.kernel.entries[own]?.server
            #expect(server?.flags == Ownership(interface: "kube-ipvs0").mark && server?.scheduler == .roundRobin)
            harness.advance(by: harness.proxier.configuration.syncPeriod)
            #expect(try await harness.proxier.sync()?.takenOver == [])
            // What is not wanted there is not.
            #expect(harness.kernel.entries[id("TCP 10.96.0.1:81")]?.server.flags == flags)
        }
        #expect(try await first.restarted().proxier.cleanup().virtualServers == 1)
        #expect(Set(first.services.keys) == ["TCP 10.96.0.1:81"])
    }

    @Test("A sync of changes takes over as well, and asks for the addresses only then")
    func lostMarkInChanges() async throws {
        let harness = try Harness()
        await harness.tellAllIsThere([.web(port), .endpoints([endpoint])])
        try await harness.proxier.sync()
        try harness.kernel.addOthers("TCP 10.96.0.1:443")
        var secure = port
        secure.port = 443
        await harness.tell([.service(ServiceDefinition(web, ports: ["http": port, "https": secure]))])
        let report = try #require(try await harness.proxier.sync())
        #expect(report.kind == .changes && report.isComplete && report.takenOver == [id("TCP 10.96.0.1:443")])
        #expect(harness.services["TCP 10.96.0.1:443"] == [])
        harness.node.forgetRequests()
        await harness.tell([.web(port)])
        #expect(try await harness.proxier.sync()?.kind == .changes)
        #expect(harness.node.requests.isEmpty)
    }

    @Test("What has the mark of another proxier of the node is not taken over", arguments: [false, true])
    func anothersMark(isFull: Bool) async throws {
        let first = try Harness()
        first.node.change { $0.interfaces["other0"] = .dummy(alias: InterfaceLabel().description) }
        await first.tellAllIsThere([.web(port)])
        try await first.proxier.sync()
        let mark = Ownership(interface: "other0").mark
        let harness = isFull ? try first.restarted() : first
        try first.kernel.edit { $0[own]?.server.flags = mark }
        await harness.tellAllIsThere([.web(port), .endpoints([endpoint])])
        let report = try #require(try await harness.proxier.sync())
        #expect(report.kind == (isFull ? .full : .changes))
        #expect(report.failures.map(\.reason) == [.notOwned] && report.takenOver.isEmpty)
        #expect(harness.kernel.entries[own]?.server.flags == mark)
    }

    @Test("Node ports without a mark are the proxier's only as long as it remembers them")
    func lostMarkOfNodePort() async throws {
        let harness = try Harness()
        var port = port
        port.nodePort = 30_080
        let nodePort = id("TCP 192.0.2.10:30080")
        await harness.tellAllIsThere([.web(port)])
        try await harness.proxier.sync()
        try harness.kernel.edit { $0[nodePort]?.server.flags = [] }
        let edited = harness.kernel.entries[nodePort]
        let restarted = try harness.restarted()
        await restarted.tellAllIsThere([.web(port)])
        let report = try await restarted.proxier.sync()
        let sentence = """
            default/web:http: can't use TCP 192.0.2.10:30080, which somebody else has added to the kernel's table or edited; \
            if nobody else needs it, delete it: ipvsadm -D -t 192.0.2.10:30080
            """
        #expect(report?.failures.map(\.description) == [sentence])
        #expect(harness.kernel.entries[nodePort] == edited)
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
        harness.kernel.refuse(EINVAL) { command in
            guard case .addRealServer(let real, _) = command else { return false }
            return !failsForGood || real.endpoint == refused.endpoint
        }
        await harness.tell([.web(port), .endpoints(failsForGood ? [endpoint, refused] : [endpoint])])
        #expect(try await harness.proxier.sync()?.failures.count == 1)
        if !failsForGood {
            harness.kernel.removeFaults()
            #expect(try await harness.proxier.sync()?.isComplete == true)
        }
        // `ipvsadm --edit-service` does this.
        try harness.kernel.edit { services in
            services[own]?.server.flags = []
            services[own]?.server.scheduler = .weightedRoundRobin
        }
        harness.advance(by: harness.proxier.configuration.syncPeriod)
        let report = try await harness.proxier.sync()
        #expect(report?.failures.contains { $0.reason == .notOwned } == false)
        #expect(harness.kernel.entries[own]?.server.scheduler == .roundRobin)
        try harness.kernel.edit { $0[own]?.server.flags = [] }
        // It remembers a virtual server that could not be deleted.
        harness.kernel.refuse(EIO) { if case .deleteVirtualServer = $0 { true } else { false } }
        await harness.tell([.serviceDeleted(web)])
        for _ in 0..<2 {
            #expect(try await harness.proxier.sync()?.failures.count == 1)
            harness.advance(by: harness.proxier.configuration.syncPeriod)
        }
        harness.kernel.removeFaults()
        #expect(try await harness.proxier.sync()?.isComplete == true)
        #expect(harness.services.isEmpty)
    }

    @Test("A node port that it failed to add, and that others have added, belongs to them")
    func notMade() async throws {
        let harness = try Harness()
        var port = port
        port.nodePort = 30_080
        await harness.tellAllIsThere()
        try await harness.proxier.sync()
        let nodePort = id("TCP 192.0.2.10:30080")
        harness.kernel.refuse(ENOMEM) { command in
            if case .addVirtualServer(let server) = command { server.id == nodePort } else { false }
        }
        await harness.tell([.web(port), .endpoints([endpoint])])
        #expect(try await harness.proxier.sync()?.failures.count == 1)
        harness.kernel.removeFaults()
        try harness.kernel.addOthers("\(nodePort)")
        let before = harness.kernel.entries
        for _ in 0..<2 {
            #expect(try await harness.proxier.sync()?.failures.map(\.reason) == [.notOwned])
            harness.advance(by: harness.proxier.configuration.syncPeriod)
        }
        #expect(harness.kernel.entries == before)
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
        #expect(harness.node.interfaces["other0"] == nil)
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
}
