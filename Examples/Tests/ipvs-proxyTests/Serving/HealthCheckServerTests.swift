import Common
import Foundation
import Glibc
import IPVS
import IPVSProxy
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import ipvs_proxy

/// Health-check node ports over HTTP.
@Suite(.timeLimit(.minutes(15))) struct HealthCheckServing {
    private let updates: AsyncStream<[HealthCheck]>
    private let source: AsyncStream<[HealthCheck]>.Continuation
    private let log = LogLines()
    private let web = NamespacedName("shop", "web")

    private final class Flag: Sendable {
        let value = Mutex(true)
    }

    init() { (updates, source) = AsyncStream.makeStream() }

    /// Runs a server while `body` runs.
    private func serving(
        isHealthy: @escaping @Sendable () -> Bool = { true },
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let server = HealthCheckServer(
            updates,
            isHealthy: { isHealthy() },
            try NodeSockets(nil),
            Logger(label: "test") { [log] _ in log }
        )
        let group = ServiceGroup(services: [server], logger: Logger(label: "test") { _ in LogLines() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await body()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private func eventually(_ condition: () async throws -> Bool) async throws {
        while try await !condition() { try await Task.sleep(for: .milliseconds(20)) }
    }

    @Test func answersOfAService() async throws {
        let endpoint = try Page.freeEndpoint(IPAddress(127, 0, 0, 1))
        let isHealthy = Flag()
        try await serving(isHealthy: { isHealthy.value.withLock { $0 } }) { [web, source] in
            func check(_ count: Int) -> HealthCheck {
                HealthCheck(service: web, port: endpoint.port, localEndpoints: count)
            }
            source.yield([check(1)])
            // Any path, as in kube-proxy.
            let text = try await Page.answer(endpoint, "GET /any HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
            let (head, body) = try #require(
                text.firstRange(of: "\r\n\r\n").map {
                    (text[..<$0.lowerBound], text[$0.upperBound...])
                }
            )
            #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
            for line in [
                "Content-Type: application/json", "X-Content-Type-Options: nosniff",
                "X-Load-Balancing-Endpoint-Weight: 1",
                "Content-Length: \(body.utf8.count)",
            ] {
                #expect(head.components(separatedBy: "\r\n").count { $0 == line } == 1, "\(head)")
            }
            #expect(body == check(1).answer(isProxierHealthy: true).body)

            isHealthy.value.withLock { $0 = false }
            let ill = try await Page.ask(endpoint, "/")
            #expect(ill.status == 503 && ill.body == check(1).answer(isProxierHealthy: false).body)
            isHealthy.value.withLock { $0 = true }

            source.yield([check(0)])
            try await eventually { try await Page.ask(endpoint, "/").status == 503 }
            source.yield([check(7)])
            try await eventually { try await Page.ask(endpoint, "/").body.contains("\"localEndpoints\": 7,") }
            #expect(try await Page.ask(endpoint, "/", method: "POST").status == 405)
        }
        #expect(try Page.isRefused(endpoint))
    }

    /// A wildcard socket answers in both families.
    @Test func onAllAddresses() async throws {
        let endpoint = try Page.freeEndpoint(try #require(IPAddress("::1")))
        try await serving { [web, source] () async throws in
            source.yield([HealthCheck(service: web, port: endpoint.port, localEndpoints: 1)])
            // It listens a moment later.
            try await eventually { (try? await Page.ask(endpoint, "/").status) == 200 }
            #expect(try await Page.ask(Endpoint(IPAddress(127, 0, 0, 2), endpoint.port), "/").status == 200)
        }
    }

    @Test func onSomeAddresses() async throws {
        let endpoint = try Page.freeEndpoint(IPAddress(127, 0, 0, 1))
        let other = Endpoint(IPAddress(127, 0, 0, 2), endpoint.port)
        try await serving { [web, source] () async throws in
            func check(_ addresses: IPAddress...) -> HealthCheck {
                HealthCheck(service: web, port: endpoint.port, addresses: addresses, localEndpoints: 1)
            }
            source.yield([check(endpoint.address)])
            // It listens a moment later.
            try await eventually { (try? await Page.ask(endpoint, "/").status) == 200 }
            #expect(try Page.isRefused(other))
            source.yield([check(other.address)])
            #expect(try await Page.ask(other, "/").status == 200)
            try await eventually { try Page.isRefused(endpoint) }
            source.yield([check()])
            try await eventually { try Page.isRefused(other) }
        }
    }

    @Test func portsComeAndGo() async throws {
        let (first, second) = (
            try Page.freeEndpoint(IPAddress(127, 0, 0, 1)), try Page.freeEndpoint(IPAddress(127, 0, 0, 1))
        )
        let api = NamespacedName("shop", "api")
        try await serving { [web, source] () async throws in
            source.yield([HealthCheck(service: web, port: first.port, localEndpoints: 1)])
            #expect(try await Page.ask(first, "/").status == 200)
            // One service takes the other's port.
            source.yield([
                HealthCheck(service: api, port: first.port, localEndpoints: 2),
                HealthCheck(service: web, port: second.port, localEndpoints: 3),
            ])
            #expect(try await Page.ask(second, "/").body.contains("\"name\": \"web\""))
            // A connection to the port that is being closed can be reset.
            try await eventually { (try? await Page.ask(first, "/"))?.body.contains("\"name\": \"api\"") == true }
            source.yield([])
            try await eventually { try Page.isRefused(first) && Page.isRefused(second) }
            #expect(log.lines.allSatisfy { !$0.contains("can't answer") }, "\(log.lines)")
        }
    }

    /// It is an error of that service alone, logged once, and tried again after each sync.
    @Test func aPortThatIsTaken() async throws {
        let (taken, free) = (
            try Page.freeEndpoint(IPAddress(127, 0, 0, 1)), try Page.freeEndpoint(IPAddress(127, 0, 0, 1))
        )
        let api = NamespacedName("shop", "api")
        let logger = Logger(label: "test") { _ in LogLines() }
        let owner = try await StatusServer(taken, logger, pages: ["/": { .text("mine") }])
        let checks = [
            HealthCheck(service: api, port: taken.port, localEndpoints: 1),
            HealthCheck(service: web, port: free.port, localEndpoints: 1),
        ]
        try await serving { [source] () async throws in
            source.yield(checks)
            // It listens a moment later.
            try await eventually { (try? await Page.ask(free, "/").status) == 200 }
            source.yield(checks)
            source.yield(checks + [HealthCheck(service: NamespacedName("shop", "end"), port: 0, localEndpoints: 0)])
            try await eventually { log.lines.contains { $0.contains("shop/end") } }
            let sentence = "error can't answer health checks of shop/api on port \(taken.port): Address already in use"
            #expect(log.lines.count { $0 == sentence } == 1, "\(log.lines)")
            #expect(try await Page.ask(taken, "/").body == "mine")

            let group = ServiceGroup(services: [owner], logger: logger)
            await group.triggerGracefulShutdown()
            try await group.run()
            source.yield(checks)
            #expect(try await Page.ask(taken, "/").body.contains("\"name\": \"api\""))
        }
        #expect(log.lines.contains("info answering health checks of shop/api on port \(taken.port)"))
    }

    /// All ports together have as many connections as any other server.
    @Test func silentConnections() async throws {
        let (first, second) = (
            try Page.freeEndpoint(IPAddress(127, 0, 0, 1)), try Page.freeEndpoint(IPAddress(127, 0, 0, 1))
        )
        try await serving { [web, source] () async throws in
            source.yield([
                HealthCheck(service: web, port: first.port, localEndpoints: 1),
                HealthCheck(service: NamespacedName("shop", "api"), port: second.port, localEndpoints: 1),
            ])
            let silent = try (0..<OpenConnections.limit).map { _ in try Page.connection(to: first) }
            defer { silent.forEach { close($0) } }
            #expect(try await Page.ask(second, "/").status == 200)
            var state = pollfd(fd: silent[0], events: Int16(POLLIN), revents: 0)
            #expect(poll(&state, 1, 30_000) == 1)
        }
    }

    @Test func aNamespaceThatIsNotThere() {
        let error = #expect(throws: Failure.self) { try NodeSockets(.path("/nowhere")) }
        #expect(error?.sentences == ["can't open /nowhere: No such file or directory"])
    }
}
