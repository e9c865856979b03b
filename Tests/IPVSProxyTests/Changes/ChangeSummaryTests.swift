import IPVS
import IPVSProxyTestSamples
import Logging
import Testing

@testable import IPVSProxy

/// What operators read in the log of a service that has changed.
@Suite("Lines about changes")
struct ChangeSummaryTests {
    private let log = LogLines()
    private let port = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")])

    private func lines(_ events: [RandomHistory.Event], in harness: Harness) async throws -> [String] {
        let count = log.messages(.info).count
        await harness.tell(events)
        try await harness.proxier.sync()
        return log.messages(.info).dropFirst(count).filter { !$0.hasPrefix("sync of ") && !$0.hasPrefix("full sync") }
    }

    private func harness() async throws -> Harness {
        let harness = try Harness(log: log)
        await harness.tellAllIsThere([.web(port), .endpoints([ServiceEndpoint("10.244.0.1:8080")])])
        try await harness.proxier.sync()
        return harness
    }

    @Test("The first lists are only counted")
    func firstLists() async throws {
        _ = try await harness()
        #expect(log.messages(.info).first == "first objects: services: 1, endpoint slices: 1")
        #expect(!log.messages(.info).contains { $0.contains("default/web") })
    }

    @Test("A service that comes, changes and goes")
    func services() async throws {
        let harness = try await harness()
        let api = NamespacedName("default", "api")
        #expect(
            try await lines([.web(port, name: api)], in: harness) == ["service default/api added: TCP 80 at 10.96.0.1"]
        )
        #expect(
            try await lines([.serviceDeleted(api)], in: harness) == ["service default/api deleted: TCP 80 at 10.96.0.1"]
        )
        var changed = port
        changed.clusterIPs = [address("10.96.0.2"), address("fd00::2")]
        changed.nodePort = 30_080
        changed.sessionAffinity = .clientIP(timeout: 60)
        changed.scheduler = Scheduler.leastConnection
        changed.externalTrafficPolicy = .local
        #expect(
            try await lines([.web(changed)], in: harness) == [
                "service default/web: port http: cluster IPs 10.96.0.1 -> 10.96.0.2 fd00::2, node port none -> 30080, "
                    + "session affinity none -> client IP for 60 s, external traffic policy cluster -> local, "
                    + "scheduler none -> lc"
            ]
        )
        let two = ServiceDefinition(web, ports: ["http": changed, "more": port], healthCheckNodePort: 32_000)
        #expect(
            try await lines([.service(two)], in: harness) == [
                "service default/web: port more added: TCP 80 at 10.96.0.1; health-check node port none -> 32000"
            ]
        )
    }

    @Test("Endpoints that come, change and go")
    func endpoints() async throws {
        let harness = try await harness()
        let two = [ServiceEndpoint("10.244.0.2:8080"), ServiceEndpoint("10.244.0.3:8080", isReady: false)]
        #expect(
            try await lines([.endpoints(two)], in: harness) == [
                "endpoints of default/web:http: -10.244.0.1:8080 +10.244.0.2:8080 +10.244.0.3:8080 (not ready)"
            ]
        )
        let ending = [
            ServiceEndpoint("10.244.0.2:8080", isReady: false, isServing: true, isTerminating: true),
            ServiceEndpoint("10.244.0.3:8080"),
        ]
        #expect(
            try await lines([.endpoints(ending)], in: harness) == [
                "endpoints of default/web:http: 10.244.0.2:8080 ready -> terminating, serving 10.244.0.3:8080 not ready -> ready"
            ]
        )
        // From one slice to another.
        let other = EndpointSlice(NamespacedName("default", "web-2"), of: web, endpoints: ["http": ending])
        #expect(try await lines([.slice(other), .sliceDeleted(web)], in: harness).isEmpty)
    }

    @Test("Many changes are bounded, in a line and in number")
    func many() async throws {
        let harness = try await harness()
        let endpoints = (1...30).map { ServiceEndpoint("10.244.1.\($0):80") }
        let line = try #require(try await lines([.endpoints(endpoints)], in: harness).first)
        #expect(line.hasSuffix("+10.244.1.9:80 and 21 more"), "\(line)")
        let services = (0..<30).map { RandomHistory.Event.web(port, name: NamespacedName("default", "s\($0 + 10)")) }
        let some = try await lines(services, in: harness)
        #expect(
            some.count == 21 && some.last == "and 10 more changes" && some[0].hasPrefix("service default/s10 added")
        )
        let thousands = (0..<1_001).map { RandomHistory.Event.web(port, name: NamespacedName("default", "t\($0)")) }
        #expect(
            try await lines(thousands, in: harness) == ["objects that have changed: services: 1001, endpoint slices: 0"]
        )
    }

    @Test("A change that was undone is none")
    func undone() async throws {
        let harness = try await harness()
        #expect(
            try await lines([.endpoints([]), .endpoints([ServiceEndpoint("10.244.0.1:8080")])], in: harness).isEmpty
        )
    }
}
