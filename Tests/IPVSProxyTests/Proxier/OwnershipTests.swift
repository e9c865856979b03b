import CRTNetlink
import Glibc
import IPVS
import IPVSNode
import IPVSNodeTestFakes
import IPVSProxyTestSamples
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
        let sentence =
            "default/web:http: can't use TCP 10.96.0.1:80, which somebody else has added to the kernel's table"
        #expect(report.failures.map(\.description) == [sentence])
        #expect(harness.table.with { $0.services } == before)
        let plan = try #require(try await harness.proxier.plan())
        #expect(plan.plan.isEmpty && plan.failures.map(\.description) == [sentence])
        // As soon as it is deleted, the proxier adds its own.
        harness.table.with { _ = $0.services.removeValue(forKey: own) }
        #expect(try await harness.proxier.sync()?.isComplete == true)
        #expect(harness.services.count == 1)
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

    @Test("A virtual server that it failed to add, and that others have added, belongs to them")
    func notMade() async throws {
        let harness = try Harness()
        await harness.tellAllIsThere()
        try await harness.proxier.sync()
        harness.table.with { state in state.verdict = { if case .addVirtualServer = $0 { ENOMEM } else { nil } } }
        await harness.tell([.web(port), .endpoints([endpoint])])
        #expect(try await harness.proxier.sync()?.failures.count == 1)
        harness.table.with { $0.verdict = { _ in nil } }
        add("TCP 10.96.0.1:80", to: harness.table)
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

    @Test("Marks are in the upper half of the flags, and those of different interfaces differ")
    func marks() {
        let marks = ["kube-ipvs0", "kube-ipvs1", "ipvs0", "other0"].map { Ownership(interface: $0).mark.rawValue }
        #expect(Set(marks).count == marks.count)
        #expect(marks.allSatisfy { $0 != 0 && $0 & 0xffff == 0 })
    }

    /// Two names whose hashes are the same mark.
    private let collidingNames = ("kube-ipvs0", "lb10991")

    @Test("Two interfaces whose names have the same mark: the second proxier is refused, and the first keeps its own")
    func collision() async throws {
        let (name, otherName) = collidingNames
        #expect(Ownership(interface: name).mark == Ownership(interface: otherName).mark)
        let harness = try Harness()
        await harness.tellAllIsThere([.web(port), .endpoints([endpoint])])
        try await harness.proxier.sync()
        let before = harness.table.with { $0.services }
        var configuration = Harness.configuration
        configuration.interface = otherName
        let other = try harness.restarted(configuration)
        await other.tellAllIsThere([.web(ServicePort(.tcp, 80, clusterIPs: [address("10.97.0.1")]))])
        for _ in 0..<2 {
            let error = await #expect(throws: AddressError.self) { try await other.proxier.sync() }
            #expect(error?.code == .notOwned)
            let sentence = """
                can't use the interface lb10991: virtual servers would have the same mark as those of the proxier with the \
                interface kube-ipvs0; choose another name
                """
            #expect(error?.description == sentence)
            await #expect(throws: AddressError.self) { try await other.proxier.plan() }
            await #expect(throws: AddressError.self) { try await other.proxier.cleanup() }
        }
        #expect(harness.table.with { $0.services } == before)
        #expect(harness.route.with { $0.addresses(of: otherName) } == nil)
        // The first one still works, and so does a process that replaces it.
        for harness in [harness, try harness.restarted()] {
            harness.advance(by: harness.proxier.configuration.syncPeriod)
            await harness.tellAllIsThere([.web(port), .endpoints([endpoint])])
            #expect(try await harness.proxier.sync()?.changes == 0)
        }
        // Without the first one, the name can be used.
        try await harness.proxier.cleanup()
        #expect(try await other.proxier.sync()?.isComplete == true)
        #expect(Set(other.services.keys) == ["TCP 10.97.0.1:80"])
    }

    @Test("If two interfaces are labeled at the same moment, the one whose name sorts first keeps the mark")
    func collisionAtOnce() async throws {
        let (name, otherName) = collidingNames
        for (own, rival, yields) in [(otherName, name, true), (name, otherName, false)] {
            // The rival's interface appears while this one is being labeled.
            let route = RouteKernel { state in
                state.interfere = { message, state in
                    guard message.type == RTM_SETLINK, !state.interfaces.values.contains(where: { $0.name == rival })
                    else { return }
                    let index = state.add(rival, kind: "dummy")
                    state.interfaces[index]?.alias = InterfaceLabel().description
                }
            }
            var configuration = Harness.configuration
            configuration.interface = own
            let harness = try Harness(configuration, route: route)
            await harness.tellAllIsThere([.web(port)])
            if yields {
                let error = await #expect(throws: AddressError.self) { try await harness.proxier.sync() }
                #expect(error?.code == .notOwned)
                #expect(harness.services.isEmpty && harness.alias == nil)
            } else {
                for _ in 0..<2 {
                    #expect(try await harness.proxier.sync()?.isComplete == true)
                    harness.advance(by: configuration.syncPeriod)
                }
                #expect(harness.services.count == 1)
            }
        }
    }
}
