import Common
import Foundation
import Glibc
import IPVS
import IPVSTestKernel
import Logging
import ServiceLifecycle
import Testing

@testable import ipvs_proxy

@Suite struct StatusServing {
    private let moment = Date(timeIntervalSince1970: 1_741_080_077.25)

    @Test func health() {
        let healthy = Answer.health(isHealthy: true, lastUpdated: moment, now: moment + 2, isEligible: true)
        #expect(healthy.isOK && healthy.contentType == "application/json")
        #expect(
            healthy.body
                == #"{"lastUpdated": "2025-03-04T09:21:17.250Z","currentTime": "2025-03-04T09:21:19.250Z","nodeEligible": true,"healthy": true}"#
        )
        let ill = Answer.health(isHealthy: false, lastUpdated: nil, now: moment, isEligible: nil)
        #expect(
            !ill.isOK
                && ill.body == #"{"lastUpdated": null,"currentTime": "2025-03-04T09:21:17.250Z","healthy": false}"#
        )
        let leaving = Answer.health(isHealthy: true, lastUpdated: moment, now: moment, isEligible: false)
        #expect(!leaving.isOK && leaving.body.hasSuffix(#""nodeEligible": false,"healthy": true}"#))
    }

    @Test func howOldTheKnowledgeIs() throws {
        let knowledge = [
            Knowledge(resource: "services", age: .milliseconds(2_500), objectCount: 3, isSynced: true),
            Knowledge(resource: "nodes", age: nil, objectCount: 0, isSynced: false),
        ]
        let answer = Answer.health(
            isHealthy: true,
            lastUpdated: nil,
            now: moment,
            isEligible: nil,
            knowledge: knowledge
        )
        #expect(answer.isOK)
        struct Document: Decodable {
            struct Kind: Decodable {
                let synced: Bool
                let objects: Int
                let secondsSinceContact: Double?
            }
            let knowledge: [String: Kind]
        }
        let kinds = try JSONDecoder().decode(Document.self, from: Data(answer.body.utf8)).knowledge
        #expect(kinds["services"]?.objects == 3 && kinds["services"]?.secondsSinceContact == 2.5)
        #expect(kinds["nodes"]?.synced == false && kinds["nodes"]?.secondsSinceContact == nil)
        let registry = PrometheusRegistry()
        registry.record(knowledge)
        let page = registry.text()
        #expect(page.contains("ipvs_proxy_api_objects{resource=\"services\"} 3\n"))
        #expect(page.contains("ipvs_proxy_api_synced{resource=\"nodes\"} 0\n"))
        #expect(page.contains("ipvs_proxy_api_seconds_since_contact{resource=\"services\"} 2.5\n"))
        #expect(!page.contains("seconds_since_contact{resource=\"nodes\"}"))
    }

    private static func server(
        _ endpoint: Endpoint,
        patience: Duration = .seconds(10)
    ) async throws -> StatusServer {
        try await StatusServer(
            endpoint,
            Logger(label: "test") { _ in LogLines() },
            pages: [
                "/good": { .text("all is well\n") },
                "/bad": { Answer(isOK: false, "application/json", "{}") },
                "/slow": {
                    // It is not cancelled, which is the only reason for a sleep to fail.
                    try? await Task.sleep(for: patience + .seconds(1))
                    return .text("at last\n")
                },
            ],
            patience: patience
        )
    }

    @Test("An address that can't be used is tried again, or an error at once")
    func addressThatIsTaken() async throws {
        let endpoint = try Page.freeEndpoint(IPAddress(127, 0, 0, 1))
        let owner = try await Self.server(endpoint)
        let log = LogLines()
        let logger = Logger(label: "test") { _ in log }
        let sentence = "can't answer HTTP on \(endpoint): Address already in use"
        let failure = await #expect(throws: Failure.self) { try await StatusServer(endpoint, logger, pages: [:]) }
        #expect(failure?.sentences == [sentence])
        let server = try await StatusServer(
            endpoint,
            logger,
            pages: ["/": { .text("next") }],
            retryInterval: .milliseconds(20)
        )
        #expect(log.lines == ["warning \(sentence); trying again every 0.02 seconds"])
        let quiet = Logger(label: "test") { _ in LogLines() }
        let group = ServiceGroup(services: [server], logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await Task.sleep(for: .milliseconds(100))
            #expect(log.lines.count == 1)
            let ownerGroup = ServiceGroup(services: [owner], logger: quiet)
            await ownerGroup.triggerGracefulShutdown()
            try await ownerGroup.run()
            try await eventually { log.lines.contains("info answering / on http://\(endpoint)") }
            #expect(try await Page.ask(endpoint, "/").body == "next")
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test(arguments: ["127.0.0.1", "::1"])
    func pages(address: String) async throws {
        let endpoint = try Page.freeEndpoint(try #require(IPAddress(address)))
        let server = try await Self.server(endpoint)
        let group = ServiceGroup(services: [server], logger: Logger(label: "test") { _ in LogLines() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let good = Page(status: 200, contentType: "text/plain; charset=utf-8", body: "all is well\n")
            #expect(try await Page.ask(endpoint, "/good") == good)
            #expect(
                try await Page.ask(endpoint, "/bad") == Page(status: 503, contentType: "application/json", body: "{}")
            )
            #expect(try await Page.ask(endpoint, "/other").status == 404)
            for url in ["http://\(endpoint)/good", "HTTP://test/good?a"] {
                #expect(try await Page.ask(endpoint, url) == good)
            }
            for path in ["http://test", "http://test/other", "ftp://test/good"] {
                #expect(try await Page.ask(endpoint, path).status == 404)
            }
            let refused = Page(status: 405, contentType: "", body: "")
            #expect(try await Page.ask(endpoint, "/good", method: "POST") == refused)
            // A client that stays connected and requests nothing.
            let idle = try Page.connection(to: endpoint)
            defer { close(idle) }
            await group.triggerGracefulShutdown()
            // It ends, and without an error.
            try await tasks.waitForAll()
        }
    }

    @Test func connections() async throws {
        let endpoint = try Page.freeEndpoint(IPAddress(127, 0, 0, 1))
        let server = try await Self.server(endpoint)
        let answers = try await Page.answer(
            endpoint,
            "GET /good?a HTTP/1.1\r\n\r\nGET /bad HTTP/1.1\r\n\r\nPOST /good HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"
        )
        #expect(answers.matches(of: /HTTP\/1.1 ([0-9]+)/).map(\.output.1) == ["200", "503", "405"])
        #expect(answers.contains("\r\nAllow: GET, HEAD\r\n"))
        #expect(answers.contains("\r\nX-Content-Type-Options: nosniff\r\n"))
        #expect(try await Page.answer(endpoint, "hello\r\n\r\n").hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        try await Self.end(server)
    }

    /// The answer has the headers of a request for the page, without the page.
    @Test(arguments: [("/good", 200, 12), ("/bad", 503, 2), ("/other", 404, 0)])
    func heads(path: String, status: Int, length: Int) async throws {
        let endpoint = try Page.freeEndpoint(IPAddress(127, 0, 0, 1))
        let server = try await Self.server(endpoint)
        // A body would be read as the next answer.
        let last = "HEAD \(path) HTTP/1.1\r\nConnection: close\r\n\r\n"
        let answers = try await Page.answer(endpoint, "HEAD \(path) HTTP/1.1\r\n\r\n\(last)")
        let heads = answers.components(separatedBy: "\r\n\r\n")
        #expect(heads.count == 3 && heads.last == "")
        for head in heads.dropLast() {
            #expect(head.hasPrefix("HTTP/1.1 \(status) ") && head.contains("\r\nContent-Length: \(length)\r\n"))
        }
        try await Self.end(server)
    }

    /// A connection with a slow answer is not closed, and one without a request is.
    @Test func patience() async throws {
        let endpoint = try Page.freeEndpoint(IPAddress(127, 0, 0, 1))
        let server = try await Self.server(endpoint, patience: .seconds(5))
        async let silence = Page.answer(endpoint, "GET /")
        #expect(try await Page.ask(endpoint, "/slow").body == "at last\n")
        #expect(try await silence == "")
        try await Self.end(server)
    }

    /// The connection of such a client is closed soon, and others are answered meanwhile.
    @Test(
        .timeLimit(.minutes(15)),
        arguments: [
            "GET /", "GET /good HTTP/1.1\r\nName: ", "POST /good HTTP/1.1\r\nContent-Length: 9999999999\r\n\r\n",
        ]
    )
    func aRequestWithoutEnd(beginning: String) async throws {
        let endpoint = try Page.freeEndpoint(IPAddress(127, 0, 0, 1))
        let server = try await Self.server(endpoint)
        async let end = Page.sendWithoutEnd(endpoint, beginning)
        #expect(try await Page.ask(endpoint, "/good").status == 200)
        #expect([ECONNRESET, EPIPE].contains(try await end))
        #expect(try await Page.ask(endpoint, "/good").status == 200)
        try await Self.end(server)
    }

    /// They don't keep others from being answered: the oldest of them is closed.
    @Test(.timeLimit(.minutes(15))) func silentConnections() async throws {
        let endpoint = try Page.freeEndpoint(IPAddress(127, 0, 0, 1))
        let server = try await Self.server(endpoint, patience: .seconds(3600))
        let silent = try (0..<OpenConnections.limit).map { _ in try Page.connection(to: endpoint) }
        defer { silent.forEach { close($0) } }
        #expect(try await Page.ask(endpoint, "/good").status == 200)
        #expect(Self.isClosed(silent[0], within: .seconds(300)) && !Self.isClosed(silent[1], within: .zero))
        try await Self.end(server)
    }

    /// They are closed when the server ends.
    @Test(.timeLimit(.minutes(15))) func silentConnectionsAtTheEnd() async throws {
        let endpoint = try Page.freeEndpoint(IPAddress(127, 0, 0, 1))
        let server = try await Self.server(endpoint, patience: .seconds(3600))
        let silent = try Page.connection(to: endpoint)
        defer { close(silent) }
        // A later client has been answered, so this one has been accepted.
        #expect(try await Page.ask(endpoint, "/good").status == 200)
        try await Self.end(server)
        #expect(Self.isClosed(silent, within: .seconds(300)))
    }

    /// Whether the other side closes a connection on which nothing is sent within this time.
    private static func isClosed(_ connection: Int32, within time: Duration) -> Bool {
        var state = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
        return poll(&state, 1, Int32(time / .milliseconds(1))) == 1
    }

    /// The error is reported before anything else is started.
    @Test func aPortThatIsTaken() async throws {
        let endpoint = try Page.freeEndpoint(IPAddress(127, 0, 0, 1))
        let server = try await Self.server(endpoint)
        let error = await #expect(throws: Failure.self) { try await Self.server(endpoint) }
        #expect(error?.sentences == ["can't answer HTTP on \(endpoint): Address already in use"])
        try await Self.end(server)
        // It can be used again.
        try await Self.end(try await Self.server(endpoint))
    }

    @Test func anAddressOfAnotherHost() async throws {
        let error = await #expect(throws: Failure.self) {
            try await Self.server(Endpoint(IPAddress(192, 0, 2, 1), 80))
        }
        #expect(error?.sentences == ["can't answer HTTP on 192.0.2.1:80: Cannot assign requested address"])
    }

    /// Runs a server that is stopped before it starts to run.
    private static func end(_ server: StatusServer) async throws {
        let group = ServiceGroup(services: [server], logger: Logger(label: "test") { _ in LogLines() })
        await group.triggerGracefulShutdown()
        try await group.run()
    }
}
