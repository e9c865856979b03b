import KubernetesTestServer
import Logging
import NIOConcurrencyHelpers
import Testing

@testable import KubernetesAPI

/// An informer that follows the services of a scripted server, and all that it has reported.
final class Follower: Sendable {
    let server: KubernetesTestServer
    let informer: Informer<CoreV1.Service>

    private let events: Reported
    private let running: Task<Void, Never>

    /// Begins to follow a server, with short limits.
    ///
    /// - Parameters:
    ///   - server: The server, which sends bookmarks often from now on.
    ///   - streams: Whether it asks for streaming lists.
    ///   - patience: How long it waits for an answer, for the next part of one, and for an event.
    ///   - configuration: How it reaches the server; nil for the usual way.
    ///   - change: Sets further options.
    /// - Throws: An error if the server has no certificate authority.
    init(
        _ server: KubernetesTestServer,
        streams: Bool = true,
        patience: Duration = .milliseconds(700),
        configuration: ClientConfiguration? = nil,
        _ change: (inout InformerOptions) -> Void = { _ in }
    ) throws {
        server.bookmarkInterval = .milliseconds(40)
        let client = APIClient(
            try configuration ?? ClientConfiguration(server),
            userAgent: "tests",
            logger: .silent,
            timeLimit: patience
        )
        var options = InformerOptions()
        options.prefersStreamingLists = streams
        options.pageSize = 7
        options.firstDelay = .milliseconds(2)
        options.longestDelay = .milliseconds(40)
        options.emptinessDelay = .milliseconds(5)
        options.shortestWatch = .milliseconds(10)
        options.listTimeout = patience
        options.silenceLimit = patience
        change(&options)
        let events = Reported()
        self.server = server
        self.events = events
        let informer = Informer(of: CoreV1.Service.self, from: client, options: options, logger: .silent) {
            events.take($0)
        }
        self.informer = informer
        running = Task {
            await informer.run()
            await client.shutdown()
        }
    }

    deinit { running.cancel() }

    var replay: Replay { events.replay }

    /// Waits until the informer knows all of the server's services as they are, and checks how it got there.
    ///
    /// - Parameters:
    ///   - deletions: How often each service was deleted at most. Any other reported deletion is an error.
    ///   - sourceLocation: Where it is called.
    /// - Throws: An error if it does not within 3 minutes.
    func settle(deletions: [String: Int] = [:], sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await wait(for: "the informer to know all services", sourceLocation: sourceLocation) {
            let expected = self.server.versions(of: .services)
            guard self.replay.versions == expected, self.replay.syncs == 1 else { return false }
            return CoreV1.Service.versions(await self.informer.objects) == expected
        }
        let replay = replay
        #expect(replay.contradictions == [], sourceLocation: sourceLocation)
        let spurious = replay.deletions.filter { $1 > deletions[$0, default: 0] }
        #expect(spurious == [:], sourceLocation: sourceLocation)
    }

    /// Waits until a condition holds, for 3 minutes at most.
    func wait(
        for what: Comment,
        sourceLocation: SourceLocation = #_sourceLocation,
        until condition: () async -> Bool
    ) async throws {
        let end = ContinuousClock.now + .seconds(180)
        while ContinuousClock.now < end {
            if await condition() { return }
            try await Task.sleep(for: .milliseconds(3))
        }
        let requests = server.requests.suffix(8).map { "\($0.verb) \($0.query)" }
        let knowledge = await informer.knowledge
        try #require(await condition(), "\(what); \(knowledge); \(requests)", sourceLocation: sourceLocation)
    }

    /// Ends, and returns what was reported.
    func end() async -> Replay {
        running.cancel()
        await running.value
        return replay
    }
}

/// What an informer has reported.
private final class Reported: Sendable {
    private let value = NIOLockedValueBox(Replay())

    var replay: Replay { value.withLockedValue(\.self) }

    func take(_ event: InformerEvent<CoreV1.Service>) { value.withLockedValue { $0.take(event) } }
}

extension ClientConfiguration {
    /// The configuration for a scripted server, whose user is the one of a token.
    init(_ server: KubernetesTestServer, url: String? = nil, token: String = "admin-token") throws {
        self.init(server: try ServerURL(url ?? server.url))
        certificateAuthority = .data(Array(try server.caPEM.utf8), origin: "the test's authority")
        authenticator = .token(Secret(token))
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() } }
}
