import Foundation
import KubernetesTestServer
import Logging
import NIOConcurrencyHelpers
import Testing

@testable import KubernetesAPI

@Suite("Events")
struct EventRecorderTests {
    /// A server that remembers what it was sent, and refuses what it should.
    private final class Sink: EventSink {
        struct State {
            var created: [EventsV1.Event] = []
            var updates: [EventsV1.Series] = []
            var failures: [APIError] = []
        }

        let state = NIOLockedValueBox(State())

        private func send(_ body: (inout State) -> Void) throws(APIError) {
            let failure = state.withLockedValue { state in
                guard state.failures.isEmpty else { return Optional(state.failures.removeFirst()) }
                body(&state)
                return nil
            }
            if let failure { throw failure }
        }

        func create(_ event: EventsV1.Event) async throws(APIError) { try send { $0.created.append(event) } }

        func update(_ name: ObjectName, _ series: EventsV1.Series) async throws(APIError) {
            try send { $0.updates.append(series) }
        }
    }

    private let sink = Sink()

    private func occurrence(_ note: String = "it can't be served", of service: String = "web") -> EventsV1.Occurrence {
        EventsV1.Occurrence(
            regarding: ObjectReference(CoreV1.Service.resource, ObjectName("shop", service), uid: "u1"),
            type: .warning,
            reason: "NotServed",
            action: "Sync",
            note: note
        )
    }

    /// Lets a recorder run until the sink has what is expected.
    private func recording(
        at offset: @escaping @Sendable () -> Duration = { .zero },
        _ body: (EventRecorder) async throws -> Void
    ) async throws {
        let begin = ContinuousClock.now
        let recorder = EventRecorder(
            sink,
            controller: "kube-proxy",
            instance: "kube-proxy-node-1",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            retryDelay: .milliseconds(1)
        ) { begin + offset() }
        let task = Task { await recorder.run() }
        defer { task.cancel() }
        try await body(recorder)
    }

    private func wait(_ condition: (Sink.State) -> Bool) async throws {
        for _ in 0..<36_000 {
            if sink.state.withLockedValue({ condition($0) }) { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("it did not come true")
    }

    @Test("What happens again becomes a series, and something else another event")
    func series() async throws {
        try await recording { recorder in
            for _ in 0..<5 { recorder.record(occurrence()) }
            recorder.record(occurrence("another reason"))
            try await wait { $0.created.count == 2 && $0.updates.count == 1 }
        }
        let (first, updates) = sink.state.withLockedValue { ($0.created[0], $0.updates) }
        #expect(first.name.namespace == "shop" && first.name.name.hasPrefix("web."))
        #expect(first.series == nil)
        #expect(updates[0].count == 2)
    }

    @Test("The count of a series that has ended is sent")
    func end() async throws {
        let offset = Offset()
        try await recording(at: { offset.value.withLockedValue { $0 } }) { recorder in
            for _ in 0..<5 { recorder.record(occurrence()) }
            recorder.record(occurrence("another"))
            try await wait { $0.created.count == 2 }
            offset.value.withLockedValue { $0 = .seconds(1_000) }
            await recorder.finishSeries()
            try await wait { $0.updates.map(\.count) == [2, 5] }
            recorder.record(occurrence())
            try await wait { $0.created.count == 3 }
        }
    }

    @Test("An object that is never at rest has 25 events, and one more in five minutes")
    func budget() async throws {
        let offset = Offset()
        try await recording(at: { offset.value.withLockedValue { $0 } }) { recorder in
            for number in 0..<100 { recorder.record(occurrence("number \(number)")) }
            recorder.record(occurrence(of: "other"))
            try await wait { $0.created.count == 26 && $0.created.last?.occurrence.regarding.name == "other" }
            offset.value.withLockedValue { $0 = .seconds(301) }
            for number in 100..<110 { recorder.record(occurrence("number \(number)")) }
            recorder.record(occurrence("again", of: "other"))
            try await wait { $0.created.last?.occurrence.note == "again" }
        }
        #expect(sink.state.withLockedValue { $0.created.count } == 28)
    }

    private final class Offset: Sendable {
        let value = NIOLockedValueBox(Duration.zero)
    }

    @Test("A server that is away for a moment gets the event later, and one that refuses it does not")
    func failures() async throws {
        let refusal = APIError(.forbidden, "no")
        sink.state.withLockedValue {
            $0.failures = [APIError(.disconnected, "away"), APIError(.serverFailure, "500"), refusal]
        }
        sink.state.withLockedValue { $0.failures.swapAt(1, 2) }
        try await recording { recorder in
            // Away, then refused; the next one: a failure, then sent.
            recorder.record(occurrence("dropped"))
            recorder.record(occurrence("sent"))
            try await wait { $0.created.count == 1 }
        }
        #expect(sink.state.withLockedValue { $0.created.map(\.occurrence.note) } == ["sent"])
    }

    @Test("The note is cut at a whole character, and times have microseconds")
    func form() async throws {
        try await recording { recorder in
            recorder.record(occurrence(String(repeating: "ä", count: 1_000)))
            try await wait { $0.created.count == 1 }
        }
        let event = sink.state.withLockedValue { $0.created[0] }
        #expect(event.occurrence.note.utf8.count == 1_024)
        #expect(event.eventTime.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/) != nil)
    }

    @Test("A server has the events and their series")
    func server() async throws {
        let server = try await KubernetesTestServer()
        let file = FileManager.default.temporaryDirectory.appending(path: "kubeconfig-\(UUID())")
        defer { try? FileManager.default.removeItem(at: file) }
        try server.writeKubeconfig(to: file)
        let client = APIClient(try Kubeconfig(path: file.path).configuration(), userAgent: "test")
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let recorder = EventRecorder(client, controller: "kube-proxy", instance: "kube-proxy-node-1", logger: logger)
        let task = Task { await recorder.run() }
        defer { task.cancel() }
        recorder.record(occurrence())
        recorder.record(occurrence())
        try await server.wait(for: "the event's series") { server in
            server.objects(of: .events).first?["series"]?["count"] == 2
        }
        let event = try #require(server.objects(of: .events).first)
        #expect(
            event["regarding"] == [
                "apiVersion": "v1", "kind": "Service", "namespace": "shop", "name": "web", "uid": "u1",
            ]
        )
        #expect(event["note"] == "it can't be served" && event["type"] == "Warning")
        #expect(event["reportingInstance"] == "kube-proxy-node-1" && event["action"] == "Sync")
    }
}
