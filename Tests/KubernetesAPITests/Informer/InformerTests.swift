import KubernetesAPI
import Logging
import NIOConcurrencyHelpers
import Testing

/// What an informer makes of a server's answers, whatever these are.
struct InformerTests {
    @Test("A list and a watch become events, and the synced one follows the whole list")
    func events() async throws {
        let source = ScriptedSource([
            .failure(Self.refused),
            .page([Sample("a"), Sample("b")], version: "10"),
            .watch([
                .modified(Sample("a", 1, version: "11")), .added(Sample("c", version: "12")),
                .deleted(Sample("b", version: "13")),
            ]),
        ])
        let seen = try await run(source, until: { $0.requests.count == 4 })
        #expect(Set(seen.prefix(2)) == [.added(Sample("a")), .added(Sample("b"))])
        #expect(
            seen.dropFirst(2) == [
                .synced, .updated(from: Sample("a"), to: Sample("a", 1, version: "11")),
                .added(Sample("c", version: "12")), .deleted(Sample("b")),
            ]
        )
        #expect(source.requests == [.stream, .list(continueToken: nil), .watch(from: "10"), .watch(from: "13")])
    }

    @Test("A streamed list is complete with its bookmark, and its watch goes on")
    func streamedList() async throws {
        let source = ScriptedSource([
            .watch([
                .added(Sample("a")), .bookmark(resourceVersion: "20", endsInitialEvents: true),
                .added(Sample("b", version: "21")),
            ])
        ])
        let seen = try await run(source, until: { $0.requests.count == 2 })
        #expect(seen == [.added(Sample("a")), .synced, .added(Sample("b", version: "21"))])
        #expect(source.requests == [.stream, .watch(from: "21")])
    }

    @Test("A streamed list that ends early is no list, and nothing of it is reported")
    func brokenStream() async throws {
        let source = ScriptedSource([
            .watch([.added(Sample("a"))]),
            .watch([.added(Sample("a")), .added(Sample("b")), .bookmark(resourceVersion: "5", endsInitialEvents: true)]
            ),
        ])
        let seen = try await run(source, until: { $0.requests.count == 3 })
        #expect(Set(seen.prefix(2)) == [.added(Sample("a")), .added(Sample("b"))])
        #expect(seen.dropFirst(2) == [.synced])
    }

    @Test("Pages are one list, and an expired one begins anew")
    func pages() async throws {
        let source = ScriptedSource([
            .failure(Self.refused),
            .page([Sample("a")], version: "10", continueToken: "x"),
            .failure(APIError(.expired, "the token is too old", status: 410)),
            .page([Sample("a")], version: "20", continueToken: "y"),
            .page([Sample("b")], version: "20"),
        ])
        let seen = try await run(source, until: { $0.requests.last == .watch(from: "20") })
        #expect(Set(seen.prefix(2)) == [.added(Sample("a")), .added(Sample("b"))])
        #expect(seen.dropFirst(2) == [.synced])
    }

    @Test("After an expired version, only the differences are reported", arguments: [true, false])
    func expired(asEvent: Bool) async throws {
        let error = APIError(.expired, "too old resource version", status: 410)
        let source = ScriptedSource([
            .page([Sample("a"), Sample("b"), Sample("c")], version: "10"),
            asEvent ? .watch([], end: .failure(error)) : .failure(error),
            .page([Sample("a"), Sample("b", 2), Sample("d")], version: "20"),
        ])
        let seen = try await run(source, streams: false, until: { $0.requests.last == .watch(from: "20") })
        #expect(seen[3] == .synced)
        #expect(seen[4] == .deleted(Sample("c")))
        #expect(Set(seen.dropFirst(5)) == [.updated(from: Sample("b"), to: Sample("b", 2)), .added(Sample("d"))])
    }

    @Test(
        "A server that is down, slow or forbids changes nothing",
        arguments: [
            APIError(.disconnected, "connection refused"), APIError(.timedOut, "no answer"),
            APIError(.forbidden, "forbidden", status: 403), APIError(.unauthorized, "expired token", status: 401),
            APIError(.tooManyRequests, "too many", status: 429, retryAfter: .milliseconds(1)),
            APIError(.serverFailure, "no leader", status: 500),
        ]
    )
    func failures(_ error: APIError) async throws {
        let source = ScriptedSource([
            .page([Sample("a")], version: "10"),
            .watch([.added(Sample("b", version: "11"))], end: .failure(error)),
            .failure(error), .failure(error),
        ])
        let seen = try await run(source, streams: false, until: { $0.requests.count == 5 })
        #expect(seen == [.added(Sample("a")), .synced, .added(Sample("b", version: "11"))])
        #expect(source.requests.suffix(3).allSatisfy { $0 == .watch(from: "11") })
    }

    @Test(
        "A list is made anew when watches from a version are refused or wrong twice in a row",
        arguments: [
            APIError(.malformedAnswer, "an HTML page"), APIError(.invalidRequest, "invalid version", status: 400),
        ]
    )
    func refusedVersion(_ error: APIError) async throws {
        let source = ScriptedSource([
            .page([Sample("a"), Sample("b")], version: "10"),
            .failure(error), .failure(APIError(.disconnected, "refused")), .failure(error), .failure(error),
            .page([Sample("a")], version: "5"),
        ])
        let seen = try await run(source, streams: false, until: { $0.requests.last == .watch(from: "5") })
        #expect(seen.dropFirst(2) == [.synced, .deleted(Sample("b"))])
        #expect(source.requests.dropFirst().prefix(4).allSatisfy { $0 == .watch(from: "10") })
    }

    @Test("An empty list is believed only when the next one is empty too")
    func emptyList() async throws {
        let error = APIError(.expired, "too old", status: 410)
        let source = ScriptedSource([
            .page([Sample("a")], version: "10"), .failure(error),
            .page([], version: "20"),
            .page([Sample("a"), Sample("b")], version: "30"), .failure(error),
            .page([], version: "40"),
            .page([], version: "50"),
        ])
        let seen = try await run(source, streams: false, until: { $0.requests.last == .watch(from: "50") })
        #expect(seen.prefix(3) == [.added(Sample("a")), .synced, .added(Sample("b"))])
        #expect(seen.dropFirst(3) == [.deleted(Sample("a")), .deleted(Sample("b"))])
    }

    @Test("Objects that can't be read stay as they were")
    func unreadable() async throws {
        let source = ScriptedSource([
            .page([Sample("a"), Sample("b"), Sample("c")], version: "10"),
            .watch(
                [.unreadable(UnreadableObject(name: Sample("a").name, reason: "value: not a number"))],
                end: .failure(APIError(.expired, "too old", status: 410))
            ),
            .page(
                [Sample("b")],
                version: "20",
                unreadable: [UnreadableObject(name: Sample("a").name, reason: "value")]
            ),
            .failure(APIError(.expired, "too old", status: 410)),
            .page([], version: "30", unreadable: [UnreadableObject(name: nil, reason: "not an object")]),
        ])
        let seen = try await run(source, streams: false, until: { $0.requests.last == .watch(from: "30") })
        #expect(seen.dropFirst(4) == [.deleted(Sample("c"))])
    }

    @Test("A watch that is silent for too long is broken off once there were bookmarks")
    func silence() async throws {
        let source = ScriptedSource([
            .page([Sample("a")], version: "10"),
            .watch([.bookmark(resourceVersion: "15", endsInitialEvents: false)], end: .silence),
        ])
        _ = try await run(source, streams: false, until: { $0.requests.last == .watch(from: "15") })
    }

    private static let refused = APIError(.invalidRequest, "sendInitialEvents is forbidden", status: 422)

    /// Runs an informer until a condition holds of its requests, and returns what it reported.
    private func run(
        _ source: ScriptedSource,
        streams: Bool = true,
        until isDone: @Sendable (ScriptedSource) -> Bool
    ) async throws -> [InformerEvent<Sample>] {
        var options = InformerOptions()
        options.prefersStreamingLists = streams
        options.firstDelay = .milliseconds(1)
        options.longestDelay = .milliseconds(4)
        options.emptinessDelay = .milliseconds(1)
        options.silenceLimit = .milliseconds(50)
        let log = Logger(label: "informer") { _ in SwiftLogNoOpLogHandler() }
        let events = Events()
        let informer = Informer(of: Sample.self, from: source, options: options, logger: log) { events.append($0) }
        let running = Task { await informer.run() }
        let end = ContinuousClock.now + .seconds(180)
        while !isDone(source), ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(1)) }
        try #require(isDone(source), "\(source.requests.suffix(9))")
        running.cancel()
        await running.value
        return events.all
    }
}

/// The events that an informer has reported.
private final class Events: Sendable {
    private let events = NIOLockedValueBox<[InformerEvent<Sample>]>([])

    var all: [InformerEvent<Sample>] { events.withLockedValue { $0 } }

    func append(_ event: InformerEvent<Sample>) { events.withLockedValue { $0.append(event) } }
}
