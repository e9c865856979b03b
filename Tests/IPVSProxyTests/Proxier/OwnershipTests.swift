import Glibc
import IPVS
import Testing

@testable import IPVSProxy

@Suite("What is the proxier's own")
struct OwnershipTests {
    private let port = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")])
    private let own = id("TCP 10.96.0.1:80")
    private let endpoint = ServiceEndpoint("10.244.0.1:8080")

    /// A virtual server that somebody has added.
    private func add(_ text: String, to table: FakeTable, flags: VirtualServer.Flags = []) {
        var service = Table.Service(VirtualServer(id(text), scheduler: .weightedRoundRobin, flags: flags))
        service.replace(RealServer(endpoint.endpoint, forwarding: .masquerade))
        table.with { $0.services[id(text)] = service }
    }

    @Test("Virtual servers of others stay, whatever syncs, restarts and clean-ups there are")
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

    @Test("One that it would have made itself is left alone and told", arguments: [false, true])
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
        // As soon as it is gone, it is the proxier's turn.
        harness.table.with { _ = $0.services.removeValue(forKey: own) }
        #expect(try await harness.proxier.sync()?.isComplete == true)
        #expect(harness.services.count == 1)
    }

    @Test("What another proxy has left behind is taken over once")
    func takeOver() async throws {
        let route = RouteKernel { $0.add("kube-ipvs0", kind: "dummy", ["10.96.0.1/32", "10.96.0.9/32"]) }
        let table = FakeTable()
        for text in ["TCP 10.96.0.1:80", "TCP 10.96.0.9:80", "TCP 192.0.2.10:8080"] { add(text, to: table) }
        let harness = try Harness(table: table, route: route)
        // A sync that fails somewhere has not taken over all of it.
        table.with { state in state.verdict = { if case .deleteServer = $0 { EIO } else { nil } } }
        await harness.tellAllIsThere([.web(port), .endpoints([endpoint])])
        #expect(try await harness.proxier.sync()?.failures.count == 1)
        #expect(harness.alias == "swift-ipvs")
        table.with { $0.verdict = { _ in nil } }

        let restarted = try harness.restarted()
        await restarted.tellAllIsThere([.web(port), .endpoints([endpoint])])
        #expect(try await restarted.proxier.sync()?.isComplete == true)
        #expect(Set(restarted.services.keys) == ["TCP 10.96.0.1:80", "TCP 192.0.2.10:8080"])
        #expect(restarted.addresses == [address("10.96.0.1")])
        #expect(harness.alias == "swift-ipvs")
        // The real server was never without its virtual server.
        #expect(!table.with { $0.changes.contains { $0 == .deleteServer(VirtualServer(own, scheduler: .roundRobin)) } })
        // From now on, the mark alone counts.
        add("TCP 10.96.0.1:443", to: table)
        restarted.advance(by: .seconds(60))
        #expect(try await restarted.proxier.sync()?.changes == 0)
        #expect(restarted.services.count == 3)
    }

    @Test(
        "A take-over that fails for one virtual server is tried again, by whatever process",
        arguments: [false, true]
    )
    func takeOverFails(restarts: Bool) async throws {
        let route = RouteKernel { $0.add("kube-ipvs0", kind: "dummy", ["10.96.0.1/32", "10.96.0.9/32"]) }
        let table = FakeTable()
        for text in ["TCP 10.96.0.1:80", "TCP 10.96.0.9:80"] { add(text, to: table) }
        let before = table.with { $0.services }
        var harness = try Harness(table: table, route: route)
        table.with { state in state.verdict = { if case .updateServer = $0 { ENOMEM } else { nil } } }
        await harness.tellAllIsThere([.web(port), .endpoints([endpoint])])
        await #expect(throws: IPVSError.self) { try await harness.proxier.sync() }
        // Until all of it is the proxier's own, nothing else is done.
        #expect(table.with { $0.services } == before && harness.addresses.count == 2 && harness.alias == nil)
        table.with { $0.verdict = { _ in nil } }
        if restarts {
            harness = try harness.restarted()
            await harness.tellAllIsThere([.web(port), .endpoints([endpoint])])
        }
        #expect(try await harness.proxier.sync()?.isComplete == true)
        #expect(harness.services == ["TCP 10.96.0.1:80": ["10.244.0.1:8080 1"]])
        #expect(harness.addresses == [address("10.96.0.1")] && harness.alias == "swift-ipvs")
    }

    @Test("Node ports are taken over as far as services want them")
    func takeOverNodePorts() async throws {
        let route = RouteKernel { state in
            state.add("eth0", kind: nil, ["192.0.2.10/24"])
            state.add("kube-ipvs0", kind: "dummy", ["10.96.0.1/32"])
        }
        let table = FakeTable()
        for text in ["TCP 10.96.0.1:80", "TCP 192.0.2.10:30080", "TCP 192.0.2.10:30081"] { add(text, to: table) }
        var port = port
        port.nodePort = 30_080
        let harness = try Harness(table: table, route: route)
        await harness.tellAllIsThere([.web(port), .endpoints([ServiceEndpoint("10.244.0.2:8080")])])
        #expect(try await harness.proxier.plan()?.failures.isEmpty == true)
        let report = try await harness.proxier.sync()
        #expect(report?.isComplete == true, "\(String(describing: report))")
        let wanted = ["10.244.0.2:8080 1"]
        #expect(
            harness.services == [
                "TCP 10.96.0.1:80": wanted, "TCP 192.0.2.10:30080": wanted,
                "TCP 192.0.2.10:30081": ["10.244.0.1:8080 1"],
            ]
        )
        // It is over: what is at the node's addresses is others' again.
        add("TCP 192.0.2.10:30082", to: table)
        await harness.tell([
            .web(ServicePort(.tcp, 81, clusterIPs: [], nodePort: 30_082), name: NamespacedName("default", "other"))
        ])
        #expect(try await harness.proxier.sync()?.failures.map(\.reason) == [.notOwned])
    }

    @Test("One that it has made is its own without the mark too, whatever failed there", arguments: [false, true])
    func unmarked(failsForGood: Bool) async throws {
        let harness = try Harness()
        await harness.tellAllIsThere()
        try await harness.proxier.sync()
        let refused = ServiceEndpoint("10.244.0.9:8080")
        harness.table.with { state in
            state.verdict = { change in
                guard case .addReal(let real, _) = change else { return nil }
                return !failsForGood || real.endpoint == refused.endpoint ? EINVAL : nil
            }
        }
        await harness.tell([.web(port), .endpoints(failsForGood ? [endpoint, refused] : [endpoint])])
        #expect(try await harness.proxier.sync()?.failures.count == 1)
        if !failsForGood {
            harness.table.with { $0.verdict = { _ in nil } }
            #expect(try await harness.proxier.sync()?.isComplete == true)
        }
        // As `ipvsadm --edit-service` does.
        harness.table.with { state in
            state.services[own]?.server.flags = []
            state.services[own]?.server.scheduler = .weightedRoundRobin
        }
        harness.advance(by: harness.proxier.configuration.syncPeriod)
        let report = try await harness.proxier.sync()
        #expect(report?.failures.contains { $0.reason == .notOwned } == false)
        #expect(harness.table.with { $0.services[own]?.server.scheduler } == .roundRobin)
        harness.table.with { $0.services[own]?.server.flags = [] }
        // Nor does it forget one that could not be deleted.
        harness.table.with { state in state.verdict = { if case .deleteServer = $0 { EIO } else { nil } } }
        await harness.tell([.serviceDeleted(web)])
        for _ in 0..<2 {
            #expect(try await harness.proxier.sync()?.failures.count == 1)
            harness.advance(by: harness.proxier.configuration.syncPeriod)
        }
        harness.table.with { $0.verdict = { _ in nil } }
        #expect(try await harness.proxier.sync()?.isComplete == true)
        #expect(harness.services.isEmpty)
    }

    @Test("One that it could not add, and somebody else has, is theirs")
    func notMade() async throws {
        let harness = try Harness()
        await harness.tellAllIsThere()
        try await harness.proxier.sync()
        harness.table.with { state in state.verdict = { if case .addServer = $0 { ENOMEM } else { nil } } }
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

    @Test("Excluded blocks are nobody's business")
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
    }

    @Test("A clean-up without anything to clean up")
    func nothingToClean() async throws {
        let route = RouteKernel { $0.add("kube-ipvs0", kind: "dummy", ["10.96.0.1/32"]) }
        let harness = try Harness(route: route)
        add("TCP 10.96.0.1:80", to: harness.table)
        // The interface is another proxy's.
        let report = try await harness.proxier.cleanup()
        #expect(report == CleanupReport())
        #expect(harness.services.count == 1 && harness.addresses == [address("10.96.0.1")])
    }

    @Test("Settings are noted before they are changed, and restored by whoever cleans up")
    func settings() async throws {
        var configuration = Harness.configuration
        configuration.sysctls = [Sysctl("net.ipv4.vs.conntrack", 1), Sysctl("net.ipv4.ip_forward", 1)]
        let conntrack = "/proc/sys/net/ipv4/vs/conntrack"
        let forward = "/proc/sys/net/ipv4/ip_forward"
        let files = FakeFiles([conntrack: "0", forward: "1"])
        let harness = try Harness(configuration, files: files)
        await harness.tellAllIsThere([.web(port)])
        let report = try await harness.proxier.sync()
        #expect(report?.settings?.changes.map(\.name) == ["net.ipv4.vs.conntrack"])
        #expect(files.values == [conntrack: "1", forward: "1"])
        #expect(harness.alias == "swift-ipvs ipv4.vs.conntrack=0:1")
        #expect(try await harness.proxier.sync()?.settings == nil)

        let restarted = try harness.restarted()
        await restarted.tellAllIsThere([.web(port)])
        #expect(try await restarted.proxier.sync()?.settings?.changes.isEmpty == true)
        #expect(harness.alias == "swift-ipvs ipv4.vs.conntrack=0:1")
        let cleanup = try await harness.restarted().proxier.cleanup()
        #expect(cleanup.settings.changes == [Sysctls.Change(name: "net.ipv4.vs.conntrack", before: 1, after: 0)])
        #expect(cleanup.virtualServers == 1 && cleanup.addresses == 1 && cleanup.removedInterface)
        #expect(files.values == [conntrack: "0", forward: "1"])
        #expect(harness.alias == nil)
    }

    @Test(
        "Labels",
        arguments: [
            ("swift-ipvs", InterfaceLabel()),
            (
                "swift-ipvs ipv4.ip_forward=0:1 ipv6.conf.all.forwarding=-1:1",
                InterfaceLabel(changes: [
                    Sysctls.Change(name: "net.ipv4.ip_forward", before: 0, after: 1),
                    Sysctls.Change(name: "net.ipv6.conf.all.forwarding", before: -1, after: 1),
                ])
            ),
        ]
    )
    func labels(text: String, label: InterfaceLabel) {
        #expect(InterfaceLabel(text) == label)
        #expect(label.description == text)
    }

    @Test("Texts that are no label, and labels of later versions")
    func otherLabels() {
        for text in ["", " ", "uplink", "swift-ipvs2", "taking-over swift-ipvs"] {
            #expect(InterfaceLabel(text) == nil)
        }
        #expect(InterfaceLabel("swift-ipvs new=feature a=1 b=1:2:3 =") == InterfaceLabel())
    }

    @Test("All settings fit into an alias, wherever they were")
    func fits() throws {
        var label = InterfaceLabel()
        let all = Sysctl.ipvsMode(on: KernelVersion(5, 4), forwardingIPv6: true, strictARP: true)
        label.note(all.map { Sysctls.Change(name: $0.name, before: 0, after: $0.value) })
        #expect(label.description.utf8.count < 256)
        #expect(InterfaceLabel(label.description) == label)
    }

    @Test("Of more settings than an alias can hold, the others are left out; and names need not begin with net")
    func overflow() throws {
        let all = (0..<20).map { Sysctls.Change(name: "net.ipv4.conf.eth\($0).rp_filter", before: 0, after: 1) }
        let label = InterfaceLabel(changes: [Sysctls.Change(name: "vm.swappiness", before: 60, after: 10)] + all)
        #expect(label.description.utf8.count < 256)
        let read = try #require(InterfaceLabel(label.description))
        #expect(read.changes.count > 5)
        #expect(read.changes == Array(label.changes.prefix(read.changes.count)))
    }

    @Test("Of several changes of a setting the first value is restored")
    func notes() {
        var label = InterfaceLabel()
        label.note([Sysctls.Change(name: "net.a", before: 0, after: 1)])
        label.note([
            Sysctls.Change(name: "net.b", before: 5, after: 6), Sysctls.Change(name: "net.a", before: 2, after: 1),
        ])
        #expect(label.description == "swift-ipvs b=5:6 a=0:1")
    }

    @Test("Marks are in the upper half of the flags, and those of different interfaces differ")
    func marks() {
        let marks = ["kube-ipvs0", "kube-ipvs1", "ipvs0", "other0"].map { Ownership(interface: $0).mark.rawValue }
        #expect(Set(marks).count == marks.count)
        #expect(marks.allSatisfy { $0 != 0 && $0 & 0xffff == 0 })
    }
}
