import CRTNetlink
import Glibc
import IPVS
import IPVSNodeTestFakes
import IPVSProxyTestSamples
import IPVSTestModels
import Testing

@testable import IPVSProxy

@Suite("Syncs")
struct SyncTests {
    private let port = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")])
    private let one = ServiceEndpoint("10.244.0.1:8080")
    private let two = ServiceEndpoint("10.244.0.2:8080")

    @Test("Nothing is changed before both initial lists are complete")
    func before() async throws {
        let harness = try Harness()
        await harness.tell([.web(port), .endpoints([one])])
        #expect(try await harness.proxier.sync() == nil)
        await harness.proxier.onServiceSynced()
        #expect(try await harness.proxier.sync() == nil)
        #expect(try await harness.proxier.plan() == nil)
        #expect(harness.table.with { $0.calls.isEmpty })
        #expect(harness.route.messages.isEmpty)
        await harness.proxier.onEndpointSliceSynced()
        #expect(try await harness.proxier.sync()?.changes == 2)
        #expect(harness.services == ["TCP 10.96.0.1:80": ["10.244.0.1:8080 1"]])
        #expect(harness.addresses == [address("10.96.0.1")])
    }

    @Test("A full sync lists once and sends one batch, or none if there is nothing to do")
    func calls() async throws {
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
        #expect(harness.table.with { $0.calls } == ["list", "make"])
        harness.table.with { $0.startAnew() }
        harness.advance(by: harness.proxier.configuration.syncPeriod)
        let again = try await harness.proxier.sync()
        #expect(again?.kind == .full)
        #expect(again?.changes == 0 && again?.bound == 0 && again?.unbound == 0)
        #expect(harness.table.with { $0.calls } == ["list"])
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
        harness.table.with { $0.startAnew() }
        let sends = harness.route.with { $0.sends.count }
        await harness.tell([.endpoints([one, two], of: names[7])])
        let report = try await harness.proxier.sync()
        #expect(report?.kind == .changes)
        #expect(report?.changes == 1)
        #expect(harness.table.with { $0.calls } == ["read TCP 10.96.1.7:80", "make"])
        #expect(harness.route.with { $0.sends.count } == sends)
        // Nor does it do anything without changes.
        harness.table.with { $0.startAnew() }
        await harness.tell([.endpoints([one], of: names[7]), .endpoints([one, two], of: names[7])])
        #expect(try await harness.proxier.sync()?.changes == 0)
        #expect(harness.table.with { $0.calls.isEmpty })
    }

    @Test("Changes by others are undone after a period")
    func mended() async throws {
        let harness = try Harness()
        await harness.tellAllIsThere([.web(port), .endpoints([one, two])])
        try await harness.proxier.sync()
        let before = harness.services
        harness.table.with { state in
            state.services[id("TCP 10.96.0.1:80")]?.remove(one.endpoint)
            state.services[id("TCP 10.96.0.1:80")]?.server.scheduler = .leastConnection
        }
        harness.route.with { state in
            for index in state.interfaces.keys {
                state.interfaces[index]?.addresses.removeAll { $0.prefixLength == 32 }
            }
        }
        #expect(try await harness.proxier.sync()?.changes == 0)
        harness.advance(by: harness.proxier.configuration.syncPeriod)
        let report = try await harness.proxier.sync()
        #expect(report?.changes == 2 && report?.bound == 1)
        #expect(harness.services == before)
        #expect(harness.table.with { $0.services[id("TCP 10.96.0.1:80")]?.server.scheduler } == .roundRobin)
        #expect(harness.addresses == [address("10.96.0.1")])
    }

    @Test("Addresses are bound before their services are added, and unbound after they are deleted")
    func order() async throws {
        let harness = try Harness()
        let log = Locked<[String]>([])
        harness.table.with { state in
            state.verdict = { change in
                log.withLock { $0.append("\(change)".hasPrefix("+") ? "add" : "delete") }
                return nil
            }
        }
        harness.route.with { state in
            state.interfere = { message, _ in
                if message.type == RTM_NEWADDR { log.withLock { $0.append("bind") } }
                if message.type == RTM_DELADDR { log.withLock { $0.append("unbind") } }
            }
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
        harness.route.with { state in
            state.interfaces = state.interfaces.filter { $0.value.name != "kube-ipvs0" }
        }
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
        harness.route.with { state in
            state.interfere = { message, state in
                guard message.type == RTM_GETROUTE, isThere.value else { return }
                isThere.withLock { $0 = false }
                state.interfaces = state.interfaces.filter { $0.value.name != "kube-ipvs0" }
            }
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
        harness.route.with { _ = $0.add("eth1", kind: nil, ["198.51.100.1/24"]) }
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
        harness.route.with { _ = $0.add("eth1", kind: nil, ["198.51.100.1/24"]) }
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
        harness.table.with { state in
            state.verdict = { $0.virtualServer == id("TCP 10.96.0.1:80") ? ENOMEM : nil }
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
        harness.table.with { $0.startAnew() }
        #expect(try await harness.proxier.sync()?.failures.count == 1)
        #expect(harness.table.with { $0.calls } == ["read TCP 10.96.0.1:80", "make"])
        harness.table.with { $0.verdict = { _ in nil } }
        let mended = try await harness.proxier.sync()
        #expect(mended?.isComplete == true && mended?.kind == .changes)
        #expect(harness.services["TCP 10.96.0.1:80"] == ["10.244.0.1:8080 1"])
    }

    @Test("A virtual server whose address can't be bound is not added")
    func unbindable() async throws {
        let harness = try Harness()
        harness.route.with { $0.verdict = { $0.type == RTM_NEWADDR ? EACCES : nil } }
        await harness.tellAllIsThere([.web(ServicePort(.tcp, 80, clusterIPs: [address("fd00::1")]))])
        let report = try #require(try await harness.proxier.sync())
        #expect("\(report.failures)".contains("can't bind fd00::1 to kube-ipvs0: IPv6 is disabled"), "\(report)")
        #expect(harness.services.isEmpty)
        harness.route.with { $0.verdict = { _ in nil } }
        #expect(try await harness.proxier.sync()?.isComplete == true)
        #expect(harness.services.keys.contains("TCP [fd00::1]:80"))
        #expect(harness.addresses == [address("fd00::1")])
    }

    @Test("An address stays bound while a virtual server at it could not be deleted")
    func undeletable() async throws {
        let harness = try Harness()
        await harness.tellAllIsThere([.web(port)])
        try await harness.proxier.sync()
        harness.table.with { $0.verdict = { _ in EIO } }
        await harness.tell([.serviceDeleted(web)])
        #expect(try await harness.proxier.sync()?.failures.count == 1)
        #expect(harness.addresses == [address("10.96.0.1")])
        harness.table.with { $0.verdict = { _ in nil } }
        #expect(try await harness.proxier.sync()?.isComplete == true)
        #expect(harness.services.isEmpty && harness.addresses.isEmpty)
    }

    @Test("A sync that breaks off is followed by a full sync")
    func brokenOff() async throws {
        let harness = try Harness()
        await harness.tellAllIsThere([.web(port)])
        try await harness.proxier.sync()
        harness.table.with { state in
            state.startAnew()
            state.failingCall = 1
        }
        await harness.tell([.endpoints([one])])
        await #expect(throws: IPVSError.self) { try await harness.proxier.sync() }
        harness.table.with { $0.failingCall = nil }
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
        #expect(harness.route.with { $0.addresses(of: "kube-ipvs0") } == nil)
        try await harness.proxier.sync()
        #expect(try await harness.proxier.plan()?.isEmpty == true)
    }
}
