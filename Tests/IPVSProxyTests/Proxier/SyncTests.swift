import Glibc
import IPVS
import IPVSProxyTestSamples
import IPVSProxyTesting
import IPVSTestModels
import IPVSTesting
import Testing

@testable import IPVSProxy

@Suite("Syncs")
struct SyncTests {
    private let port = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")])
    private let one = ServiceEndpoint("10.244.0.1:8080")
    private let two = ServiceEndpoint("10.244.0.2:8080")

    /// Another interface of the node.
    private let second = InMemoryNode.Interface(
        addresses: [InMemoryNode.InterfaceAddress(address("198.51.100.1"), prefixLength: 24)]
    )

    @Test("Nothing is changed before both initial lists are complete")
    func before() async throws {
        let harness = try Harness()
        await harness.tell([.web(port), .endpoints([one])])
        #expect(try await harness.proxier.sync() == nil)
        await harness.proxier.onServiceSynced()
        #expect(try await harness.proxier.sync() == nil)
        #expect(try await harness.proxier.plan() == nil)
        #expect(harness.kernel.commands.isEmpty)
        #expect(harness.node.requests.isEmpty)
        await harness.proxier.onEndpointSliceSynced()
        #expect(try await harness.proxier.sync()?.changes == 2)
        #expect(harness.services == ["TCP 10.96.0.1:80": ["10.244.0.1:8080 1"]])
        #expect(harness.addresses == [address("10.96.0.1")])
    }

    @Test("A full sync lists once and then makes all changes, or none if there is nothing to do")
    func commands() async throws {
        let harness = try Harness()
        await harness.tellAllIsThere(
            (1...50).flatMap { number in
                let name = NamespacedName("default", "web-\(number)")
                let port = ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 1, UInt8(number))])
                return [RandomHistory.Event.web(port, name: name), .endpoints([one, two], of: name)]
            }
        )
        let report = try await harness.proxier.sync()
        #expect(report?.kind == .full)
        #expect(report?.changes == 150)
        #expect(report?.bound == 50)
        #expect(harness.kernel.commands.first == .listVirtualServers)
        #expect(harness.kernel.commands.count == 1 + 150 && harness.kernel.changes.count == 150)
        harness.startAnew()
        harness.advance(by: harness.proxier.configuration.syncPeriod)
        let again = try await harness.proxier.sync()
        #expect(again?.kind == .full)
        #expect(again?.changes == 0 && again?.bound == 0 && again?.unbound == 0)
        #expect(harness.kernel.commands.count { $0 == .listVirtualServers } == 1 && harness.kernel.changes.isEmpty)
    }

    @Test("A sync of changes reads and writes only what changed")
    func changes() async throws {
        let harness = try Harness()
        let names = (1...50).map { NamespacedName("default", "web-\($0)") }
        await harness.tellAllIsThere(
            names.enumerated().flatMap { number, name in
                let port = ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 1, UInt8(number))])
                return [RandomHistory.Event.web(port, name: name), .endpoints([one], of: name)]
            }
        )
        try await harness.proxier.sync()
        harness.startAnew()
        await harness.tell([.endpoints([one, two], of: names[7])])
        let report = try await harness.proxier.sync()
        #expect(report?.kind == .changes)
        #expect(report?.changes == 1)
        let changed = id("TCP 10.96.1.7:80")
        #expect(harness.kernel.commands.prefix(2) == [.readVirtualServer(changed), .listRealServers(of: changed)])
        #expect(harness.kernel.commands.count == 3 && harness.kernel.changes.count == 1)
        #expect(harness.node.requests.isEmpty)
        // Nor does it do anything without changes.
        harness.startAnew()
        await harness.tell([.endpoints([one], of: names[7]), .endpoints([one, two], of: names[7])])
        #expect(try await harness.proxier.sync()?.changes == 0)
        #expect(harness.kernel.commands.isEmpty)
    }

    @Test("Changes by others are undone after a period")
    func mended() async throws {
        let harness = try Harness()
        await harness.tellAllIsThere([.web(port), .endpoints([one, two])])
        try await harness.proxier.sync()
        let before = harness.services
        try harness.kernel.edit { services in
            services[id("TCP 10.96.0.1:80")]?.remove(one.endpoint)
            services[id("TCP 10.96.0.1:80")]?.server.scheduler = .leastConnection
        }
        harness.node.change { $0.interfaces["kube-ipvs0"]?.addresses = [] }
        #expect(try await harness.proxier.sync()?.changes == 0)
        harness.advance(by: harness.proxier.configuration.syncPeriod)
        let report = try await harness.proxier.sync()
        #expect(report?.changes == 2 && report?.bound == 1)
        #expect(harness.services == before)
        #expect(harness.kernel.entries[id("TCP 10.96.0.1:80")]?.server.scheduler == .roundRobin)
        #expect(harness.addresses == [address("10.96.0.1")])
    }

    @Test("Addresses are bound before their services are added, and unbound after they are deleted")
    func order() async throws {
        let harness = try Harness()
        let log = Locked<[String]>([])
        // It only looks, and refuses nothing.
        harness.kernel.refuse(EIO) { command in
            if case .addVirtualServer = command { log.withLock { $0.append("add") } }
            if case .deleteVirtualServer = command { log.withLock { $0.append("delete") } }
            return false
        }
        harness.node.beforeEachRequest { request, _ in
            if case .addAddress = request { log.withLock { $0.append("bind") } }
            if case .removeAddress = request { log.withLock { $0.append("unbind") } }
        }
        await harness.tellAllIsThere([.web(port)])
        try await harness.proxier.sync()
        await harness.tell([.serviceDeleted(web)])
        try await harness.proxier.sync()
        #expect(log.value == ["bind", "add", "delete", "unbind"])
        #expect(harness.services.isEmpty && harness.addresses.isEmpty)
    }

    @Test("An interface that others remove is created again, with all its addresses")
    func interfaceRemoved() async throws {
        let harness = try Harness()
        await harness.tellAllIsThere([.web(port), .endpoints([one])])
        try await harness.proxier.sync()
        harness.node.change { $0.interfaces["kube-ipvs0"] = nil }
        let other = NamespacedName("default", "other")
        await harness.tell([.web(ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.2")]), name: other)])
        let report = try await harness.proxier.sync()
        #expect(report?.kind == .full)
        // The changes made before this was noticed count too.
        #expect(report?.changes == 1 && report?.bound == 2)
        #expect(harness.addresses == [address("10.96.0.1"), address("10.96.0.2")])
        #expect(harness.alias == "swift-ipvs")
    }

    @Test("An interface that others remove while a full sync lists is created again, with all its addresses")
    func interfaceRemovedMeanwhile() async throws {
        let harness = try Harness()
        await harness.tellAllIsThere([.web(port), .endpoints([one])])
        try await harness.proxier.sync()
        let isThere = Locked(true)
        harness.node.beforeEachRequest { request, contents in
            guard case .listRoutes = request, isThere.value else { return }
            isThere.withLock { $0 = false }
            contents.interfaces["kube-ipvs0"] = nil
        }
        harness.advance(by: harness.proxier.configuration.syncPeriod)
        #expect(try await harness.proxier.sync()?.bound == 1)
        #expect(!isThere.value && harness.addresses == [address("10.96.0.1")] && harness.alias == "swift-ipvs")
    }

    @Test("Node ports follow the node's addresses")
    func nodePorts() async throws {
        let harness = try Harness()
        await harness.tellAllIsThere([.web(ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")], nodePort: 30_080))]
        )
        try await harness.proxier.sync()
        #expect(Set(harness.services.keys) == ["TCP 10.96.0.1:80", "TCP 192.0.2.10:30080"])
        harness.node.change { $0.interfaces["eth1"] = second }
        harness.advance(by: harness.proxier.configuration.syncPeriod)
        try await harness.proxier.sync()
        #expect(harness.services.keys.contains("TCP 198.51.100.1:30080"))
        #expect(harness.addresses == [address("10.96.0.1")])
    }

    @Test("The node's addresses are read once in a period, however many syncs there are")
    func nodePortsWhileBusy() async throws {
        let harness = try Harness()
        let names = (1...20).map { NamespacedName("default", "web-\($0)") }
        await harness.tellAllIsThere(
            names.enumerated().map { number, name in
                .web(
                    ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 1, UInt8(number))], nodePort: 30_080),
                    name: name
                )
            }
        )
        try await harness.proxier.sync()
        harness.node.change { $0.interfaces["eth1"] = second }
        for round in 1...4 {
            harness.advance(by: harness.proxier.configuration.syncPeriod / 3)
            await harness.tell(names.map { .endpoints([round % 2 == 0 ? one : two], of: $0) })
            #expect(try await harness.proxier.sync()?.kind == .full)
        }
        #expect(harness.services.keys.contains("TCP 198.51.100.1:30080"))
    }

    @Test("A service that fails is still in error and is retried; the others are programmed")
    func failure() async throws {
        let harness = try Harness()
        let other = NamespacedName("default", "other")
        harness.kernel.refuse(ENOMEM) { command in
            if case .addVirtualServer(let server) = command { server.id == id("TCP 10.96.0.1:80") } else { false }
        }
        await harness.tellAllIsThere([
            .web(port), .endpoints([one]),
            .web(ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.2")]), name: other), .endpoints([two], of: other),
        ])
        let report = try #require(try await harness.proxier.sync())
        #expect(report.failures.count == 1)
        #expect(report.failures.first?.servicePort == webHTTP)
        let sentence = report.failures.first.map { "\($0)" }
        #expect(sentence?.hasPrefix("default/web:http: can't add virtual server TCP 10.96.0.1:80") == true, "\(report)")
        #expect(harness.services == ["TCP 10.96.0.2:80": ["10.244.0.2:8080 1"]])
        harness.startAnew()
        #expect(try await harness.proxier.sync()?.failures.count == 1)
        // Nothing else is read.
        let reads = harness.kernel.commands.filter { !$0.isChange }
        #expect(reads == [.readVirtualServer(id("TCP 10.96.0.1:80"))])
        harness.kernel.removeFaults()
        let mended = try await harness.proxier.sync()
        #expect(mended?.isComplete == true && mended?.kind == .changes)
        #expect(harness.services["TCP 10.96.0.1:80"] == ["10.244.0.1:8080 1"])
    }

    @Test("A virtual server whose address can't be bound is not added")
    func unbindable() async throws {
        let harness = try Harness()
        harness.node.inject(.errno(EACCES), times: .max, where: { if case .addAddress = $0 { true } else { false } })
        await harness.tellAllIsThere([.web(ServicePort(.tcp, 80, clusterIPs: [address("fd00::1")]))])
        let report = try #require(try await harness.proxier.sync())
        #expect("\(report.failures)".contains("can't bind fd00::1 to kube-ipvs0: IPv6 is disabled"), "\(report)")
        #expect(harness.services.isEmpty)
        harness.node.removeFaults()
        #expect(try await harness.proxier.sync()?.isComplete == true)
        #expect(harness.services.keys.contains("TCP [fd00::1]:80"))
        #expect(harness.addresses == [address("fd00::1")])
    }

    @Test("An address stays bound while a virtual server at it could not be deleted")
    func undeletable() async throws {
        let harness = try Harness()
        await harness.tellAllIsThere([.web(port)])
        try await harness.proxier.sync()
        harness.kernel.refuse(EIO)
        await harness.tell([.serviceDeleted(web)])
        #expect(try await harness.proxier.sync()?.failures.count == 1)
        #expect(harness.addresses == [address("10.96.0.1")])
        harness.kernel.removeFaults()
        #expect(try await harness.proxier.sync()?.isComplete == true)
        #expect(harness.services.isEmpty && harness.addresses.isEmpty)
    }

    @Test("A sync that breaks off is followed by a full sync")
    func brokenOff() async throws {
        let harness = try Harness()
        await harness.tellAllIsThere([.web(port)])
        try await harness.proxier.sync()
        harness.kernel.inject(.errno(EIO))
        await harness.tell([.endpoints([one])])
        await #expect(throws: IPVSError.self) { try await harness.proxier.sync() }
        #expect(try await harness.proxier.sync()?.kind == .full)
        #expect(harness.services == ["TCP 10.96.0.1:80": ["10.244.0.1:8080 1"]])
    }

    @Test("A dry run reports its changes, and makes none")
    func dryRun() async throws {
        let harness = try Harness()
        await harness.tellAllIsThere([.web(port), .endpoints([one])])
        let plan = try #require(try await harness.proxier.plan())
        #expect(!plan.isEmpty)
        let text = """
            + address 10.96.0.1
            + TCP 10.96.0.1:80 rr 0x
            """
        #expect(plan.description.hasPrefix(text), "\(plan)")
        #expect(harness.services.isEmpty)
        #expect(harness.node.interfaces["kube-ipvs0"] == nil)
        try await harness.proxier.sync()
        #expect(try await harness.proxier.plan()?.isEmpty == true)
    }
}
