import Glibc
import IPVS
import IPVSProxyTestSamples
import IPVSTesting
import Testing

@testable import IPVSProxy

@Suite("Health checks")
struct HealthCheckTests {
    private func service(
        _ port: UInt16? = 31_877,
        policy: ServicePort.TrafficPolicy = .local,
        clusterIPs: [String] = ["10.96.0.1"],
        name: NamespacedName = web
    ) -> ServiceDefinition {
        let http = ServicePort(
            .tcp,
            80,
            clusterIPs: clusterIPs.map(address),
            loadBalancerIPs: [address("192.0.2.1")],
            externalTrafficPolicy: policy
        )
        var https = http
        https.port = 443
        return ServiceDefinition(name, ports: ["http": http, "https": https], healthCheckNodePort: port)
    }

    private func slice(
        _ endpoints: [ServiceEndpoint],
        named name: String = "web-1",
        of service: NamespacedName = web
    ) -> EndpointSlice {
        EndpointSlice(NamespacedName("default", name), of: service, endpoints: ["http": endpoints])
    }

    /// The numbers of endpoints by service.
    private func counts(_ state: DesiredState) -> [String: Int] {
        Dictionary(uniqueKeysWithValues: state.healthChecks.map { ("\($0.service)", $0.localEndpoints) })
    }

    @Test("Ready endpoints of this node count, each address once")
    func readyOnes() {
        var state = DesiredState()
        state.update(service())
        let endpoints = [
            ServiceEndpoint("10.244.1.1:8080", isLocal: true), ServiceEndpoint("10.244.1.2:8080", isLocal: true),
            ServiceEndpoint("10.244.1.1:9090", isLocal: true), ServiceEndpoint("10.244.2.1:8080"),
            ServiceEndpoint("10.244.1.3:8080", isLocal: true, isReady: false),
        ]
        state.update(slice(endpoints))
        state.update(
            EndpointSlice(
                NamespacedName("default", "web-2"),
                of: web,
                endpoints: [
                    "https": [
                        ServiceEndpoint("10.244.1.2:8443", isLocal: true),
                        ServiceEndpoint("10.244.1.4:8443", isLocal: true),
                    ], "other": [ServiceEndpoint("10.244.1.5:8080", isLocal: true)],
                ]
            )
        )
        state.commit()
        #expect(
            state.healthChecks == [HealthCheck(service: web, port: 31_877, addresses: nil, localEndpoints: 3)]
        )
    }

    @Test("Endpoints that only terminate serve, and don't count")
    func terminatingOnes() {
        var state = DesiredState()
        state.update(service())
        state.update(
            slice([
                ServiceEndpoint("10.244.1.1:8080", isLocal: true, isReady: false, isServing: true, isTerminating: true)
            ])
        )
        state.commit()
        #expect(state.realServers(of: "TCP 192.0.2.1:80") == ["10.244.1.1:8080"])
        #expect(counts(state) == ["default/web": 0])
    }

    @Test(
        "Endpoints with addresses of both families count once, and only in families in which the service has addresses"
    )
    func families() {
        let endpoints = ["10.244.1.1:8080", "10.244.1.2:8080", "[fd00::1]:8080", "[fd00::2]:8080", "[fd00::3]:8080"]
            .map { ServiceEndpoint($0, isLocal: true) }
        for (addresses, count) in [(["10.96.0.1"], 2), (["fd00:96::1"], 3), (["10.96.0.1", "fd00:96::1"], 3), ([], 3)] {
            var state = DesiredState()
            state.update(service(clusterIPs: addresses))
            state.update(slice(endpoints))
            state.commit()
            #expect(counts(state) == ["default/web": count], "\(addresses)")
        }
    }

    @Test("Only services with a port and a local policy have one")
    func whichServices() {
        var state = DesiredState()
        let other = NamespacedName("default", "other")
        state.update(slice([ServiceEndpoint("10.244.1.1:8080", isLocal: true)]))
        for (service, isThere) in [
            (service(), true), (service(nil), false), (service(policy: .cluster), false), (service(31_878), true),
            (ServiceDefinition(web, ports: [:], healthCheckNodePort: 31_877), false), (service(), true),
        ] {
            state.update(service)
            state.commit()
            #expect(state.healthChecks.map(\.port) == (isThere ? [service.healthCheckNodePort] : []))
            #expect(counts(state) == (isThere ? ["default/web": 1] : [:]))
        }
        state.update(service(31_900, name: other))
        state.commit()
        #expect(counts(state) == ["default/other": 0, "default/web": 1])
        #expect(state.healthChecks.map(\.port) == [31_900, 31_877])
        state.deleteService(web)
        state.commit()
        #expect(counts(state) == ["default/other": 0])
    }

    @Test("Changes of slices are followed, and one that moves to another service too")
    func changes() {
        var state = DesiredState()
        let other = NamespacedName("default", "other")
        state.update(service())
        state.update(service(31_900, name: other))
        state.commit()
        #expect(counts(state) == ["default/other": 0, "default/web": 0])
        let endpoints = [ServiceEndpoint("10.244.1.1:8080", isLocal: true)]
        state.update(slice(endpoints))
        state.commit()
        #expect(counts(state) == ["default/other": 0, "default/web": 1])
        state.update(slice([ServiceEndpoint("10.244.1.2:8080", isLocal: true)], named: "web-2"))
        state.commit()
        #expect(counts(state) == ["default/other": 0, "default/web": 2])
        state.update(slice(endpoints, of: other))
        state.commit()
        #expect(counts(state) == ["default/other": 1, "default/web": 1])
        state.deleteSlice(NamespacedName("default", "web-2"))
        state.commit()
        #expect(counts(state) == ["default/other": 1, "default/web": 0])
    }

    @Test("If node ports are limited to blocks, so are health checks")
    func addresses() {
        var state = DesiredState(node: NodeFacts(nodePortBlocks: [block("192.0.2.0/24"), block("fd00::/8")]))
        state.update(service())
        state.commit()
        #expect(state.healthChecks.map(\.addresses) == [[]])
        state.node.addresses = [address("fd00::7"), address("198.51.100.1"), address("192.0.2.7")]
        state.commit()
        #expect(state.healthChecks.map(\.addresses) == [[address("192.0.2.7"), address("fd00::7")]])
        state.node.nodePortBlocks = []
        #expect(state.healthChecks.map(\.addresses) == [nil])
    }

    @Test("A random history of changes has the same result as the last state at once")
    func histories() {
        var history = RandomHistory(seed: 13)
        var state = DesiredState()
        for step in 0..<2_000 {
            switch history.event() {
            case .service(var service):
                if step % 3 > 0 { service.healthCheckNodePort = UInt16(31_000 + step % 5) }
                state.update(service)
            case .serviceDeleted(let name): state.deleteService(name)
            case .slice(let slice): state.update(slice)
            case .sliceDeleted(let name): state.deleteSlice(name)
            case .node: break
            }
            guard step % 7 == 0 else { continue }
            state.commit()
            var fresh = DesiredState()
            for service in state.services.objects.values { fresh.update(service) }
            for slice in state.slices.objects.values { fresh.update(slice) }
            fresh.commit()
            #expect(state.healthChecks == fresh.healthChecks, "step \(step)")
        }
        #expect(!state.healthChecks.isEmpty)
    }
}

@Suite("Answers of health checks")
struct HealthCheckAnswerTests {
    private func check(_ count: Int) -> HealthCheck {
        HealthCheck(service: NamespacedName("shop", "web"), port: 31_877, addresses: nil, localEndpoints: count)
    }

    /// As kube-proxy has it.
    @Test("The body and the headers")
    func answer() {
        let answer = check(2).answer(isProxierHealthy: true)
        #expect(answer.status == 200)
        #expect(
            answer.headers == [
                "Content-Type": "application/json", "X-Content-Type-Options": "nosniff",
                "X-Load-Balancing-Endpoint-Weight": "2",
            ]
        )
        let lines = [
            "{", "\t\"service\": {", "\t\t\"namespace\": \"shop\",", "\t\t\"name\": \"web\"", "\t},",
            "\t\"localEndpoints\": 2,", "\t\"serviceProxyHealthy\": true", "}",
        ]
        #expect(answer.body == lines.joined(separator: "\n"))
    }

    @Test(
        "Without endpoints, or if the proxier isn't healthy, the node gets no connections",
        arguments: [(0, true), (0, false), (3, false)]
    )
    func unavailable(count: Int, isHealthy: Bool) {
        let answer = check(count).answer(isProxierHealthy: isHealthy)
        #expect(answer.status == 503)
        #expect(answer.headers["X-Load-Balancing-Endpoint-Weight"] == "\(count)")
        #expect(answer.body.contains("\t\"localEndpoints\": \(count),\n\t\"serviceProxyHealthy\": \(isHealthy)\n}"))
    }

    @Test("Names are texts of JSON, whatever is in them")
    func quotes() {
        let check = HealthCheck(service: NamespacedName("a\"b", "c\\d\n"), port: 1, addresses: nil, localEndpoints: 0)
        let body = check.answer(isProxierHealthy: true).body
        #expect(body.contains(#""namespace": "a\"b","#) && body.contains(#""name": "c\\d\u000a""#))
    }
}

@Suite("A proxier's health checks")
struct ProxierHealthCheckTests {
    private func service(_ endpoints: Int) -> [RandomHistory.Event] {
        let port = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")], externalTrafficPolicy: .local)
        let pods = (0..<endpoints).map { ServiceEndpoint("10.244.1.\($0 + 1):80", isLocal: true) }
        return [.service(ServiceDefinition(web, ports: ["http": port], healthCheckNodePort: 31_877)), .endpoints(pods)]
    }

    @Test("They are those of the last completed sync, and followers get them with each sync", .timeLimit(.minutes(15)))
    func updates() async throws {
        let harness = try Harness()
        var updates = harness.proxier.healthCheckUpdates().makeAsyncIterator()
        #expect(await updates.next(isolation: nil) == [])
        await harness.tellAllIsThere(service(1))
        #expect(harness.proxier.healthChecks.isEmpty)
        try await harness.proxier.sync()
        let one = [HealthCheck(service: web, port: 31_877, addresses: nil, localEndpoints: 1)]
        #expect(harness.proxier.healthChecks == one)
        #expect(await updates.next(isolation: nil) == one)
        // Without a change.
        try await harness.proxier.sync()
        #expect(await updates.next(isolation: nil) == one)
        // Two syncs, of which the follower gets the last one.
        await harness.tell(service(2))
        try await harness.proxier.sync()
        await harness.tell(service(3))
        try await harness.proxier.sync()
        #expect(await updates.next(isolation: nil)?.map(\.localEndpoints) == [3])
        // One that follows later begins with the last one.
        var later = harness.proxier.healthCheckUpdates().makeAsyncIterator()
        #expect(await later.next(isolation: nil)?.map(\.localEndpoints) == [3])

        harness.kernel.inject(.errno(EIO))
        await harness.tell(service(0))
        await #expect(throws: (any Error).self) { try await harness.proxier.sync() }
        #expect(harness.proxier.healthChecks.map(\.localEndpoints) == [3])
        try await harness.proxier.cleanup()
        #expect(harness.proxier.healthChecks.isEmpty)
    }

    @Test("The sequence ends with its task, or with the proxier", .timeLimit(.minutes(15)))
    func ends() async throws {
        let harness = try Harness()
        let updates = harness.proxier.healthCheckUpdates()
        let task = Task { for await _ in updates {} }
        task.cancel()
        await task.value
        func afterwards() throws -> AsyncStream<[HealthCheck]> {
            try Harness().proxier.healthCheckUpdates()
        }
        for await checks in try afterwards() { #expect(checks.isEmpty) }
    }
}
