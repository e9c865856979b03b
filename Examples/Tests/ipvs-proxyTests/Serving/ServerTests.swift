import Common
import Foundation
import Glibc
import IPVS
import Logging
import ServiceLifecycle
import Testing

@testable import ipvs_proxy

@Suite struct StatusServing {
    private let moment = Date(timeIntervalSince1970: 1_741_080_077.25)

    @Test func health() {
        let healthy = Answer.health(isHealthy: true, lastUpdated: moment, now: moment + 2, withEligibility: true)
        #expect(healthy.isOK && healthy.contentType == "application/json")
        #expect(
            healthy.body
                == #"{"lastUpdated": "2025-03-04T09:21:17.250Z","currentTime": "2025-03-04T09:21:19.250Z","nodeEligible": true}"#
        )
        let ill = Answer.health(isHealthy: false, lastUpdated: nil, now: moment, withEligibility: false)
        #expect(!ill.isOK && ill.body == #"{"lastUpdated": null,"currentTime": "2025-03-04T09:21:17.250Z"}"#)
    }

    private static func server(_ endpoint: Endpoint) -> StatusServer {
        StatusServer(
            endpoint: endpoint,
            logger: Logger(label: "test") { _ in LogLines() },
            pages: [
                "/good": { .text("all is well\n") },
                "/bad": { Answer(isOK: false, "application/json", "{}") },
            ]
        )
    }

    @Test(arguments: ["127.0.0.1", "::1"])
    func pages(address: String) async throws {
        let endpoint = try Page.freeEndpoint(try #require(IPAddress(address)))
        let group = ServiceGroup(services: [Self.server(endpoint)], logger: Logger(label: "test") { _ in LogLines() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let good = Page(status: 200, contentType: "text/plain; charset=utf-8", body: "all is well\n")
            #expect(try await Page.ask(endpoint, "/good") == good)
            #expect(
                try await Page.ask(endpoint, "/bad") == Page(status: 503, contentType: "application/json", body: "{}")
            )
            #expect(try await Page.ask(endpoint, "/other").status == 404)
            for method in ["POST", "HEAD"] {
                let refused = Page(status: 405, contentType: "", body: "")
                #expect(try await Page.ask(endpoint, "/good", method: method) == refused)
            }
            // A client that stays connected and asks nothing.
            let idle = try Page.connection(to: endpoint)
            defer { close(idle) }
            await group.triggerGracefulShutdown()
            // It ends, and without an error.
            try await tasks.waitForAll()
        }
    }

    @Test func aPortThatIsTaken() async throws {
        let endpoint = try Page.freeEndpoint(IPAddress(127, 0, 0, 1))
        let group = ServiceGroup(services: [Self.server(endpoint)], logger: Logger(label: "test") { _ in LogLines() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            _ = try await Page.ask(endpoint, "/good")
            let error = await #expect(throws: Failure.self) { try await Self.server(endpoint).run() }
            #expect(error?.sentences == ["can't answer HTTP on \(endpoint): Address already in use"])
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }
}
