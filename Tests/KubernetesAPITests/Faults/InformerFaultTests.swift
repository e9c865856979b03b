import KubernetesTestServer
import Testing

@testable import KubernetesAPI

// In parallel, hundreds of TLS connections would take longer than the short limits.
@Suite("An informer of a server that fails", .serialized)
struct InformerFaultTests {
    /// Something that a server does instead of answering a request as it should.
    struct Misdeed: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let fault: Fault
        let times: Int

        init(_ description: String, _ fault: Fault, times: Int = 3) {
            (testDescription, self.fault, self.times) = (description, fault, times)
        }

        static let all = [
            Misdeed("closes the connection before it answers", .closeBeforeAnswer),
            Misdeed("closes the connection after the head", .closeAfterHead),
            Misdeed("closes the connection after the first byte", .close(afterBytes: 1)),
            Misdeed("closes the connection in the body", .close(afterBytes: 900)),
            Misdeed("hangs before it answers", .hang, times: 1),
            Misdeed("hangs after the head", .hang(afterBytes: 0), times: 1),
            Misdeed("hangs in the body", .hang(afterBytes: 900), times: 1),
            Misdeed("is slow", .slow(bytes: 100, every: .microseconds(300))),
            Misdeed("is late", .delay(.milliseconds(60))),
            Misdeed("has too many requests", .status(429)),
            Misdeed("asks to wait", .status(429, retryAfter: 1), times: 1),
            Misdeed("has an error", .status(500)),
            Misdeed("is not available", .status(503, retryAfter: 0)),
            Misdeed("does not know the credentials", .status(401)),
            Misdeed("forbids it", .status(403)),
            Misdeed("does not have it", .status(404)),
            Misdeed("does not accept it", .status(400)),
            Misdeed("says that it has expired", .expired),
            Misdeed("says so with a status", .status(410)),
            Misdeed("redirects", .status(302)),
            Misdeed("cuts the answer off at once", .truncated(atBytes: 0)),
            Misdeed("cuts the answer off", .truncated(atBytes: 900)),
            Misdeed("answers with an HTML page", .htmlPage),
            Misdeed("answers with nothing", .answer("")),
            Misdeed("answers with an empty line", .answer("\n")),
            Misdeed("answers with half an object", .answer("{\"kind\":\"ServiceList\",")),
            Misdeed("answers with an empty object", .answer("{}\n")),
            Misdeed("answers with null", .answer("null\n")),
            Misdeed("answers with an array", .answer("[]\n")),
            Misdeed("answers with another kind", .answer(#"{"kind":"Status","apiVersion":"v1","metadata":{}}"#)),
            Misdeed("answers with items and nothing else", .emptyListWithoutKind),
            Misdeed("answers with a list without a version", .answer(listWithoutVersion)),
            Misdeed("answers with a list without items", .answer(listWithoutItems)),
            Misdeed("says that there is nothing", .emptyList, times: 1),
        ]

        private static let listWithoutVersion = #"{"kind":"ServiceList","apiVersion":"v1","metadata":{},"items":[]}"#
        private static let listWithoutItems =
            #"{"kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"9"}}"#
    }

    private static func server(services: Int = 20) async throws -> KubernetesTestServer {
        let server = try await KubernetesTestServer()
        try server.load((0..<services).map(SampleObjects.service))
        return server
    }

    @Test(
        "A list that fails is made again, and reports nothing before it is whole",
        arguments: Misdeed.all,
        [true, false]
    )
    func lists(misdeed: Misdeed, streams: Bool) async throws {
        let server = try await Self.server()
        let request: KubernetesTestServer.RequestPattern = streams ? .watch(.services) : .list(.services)
        let isEmptiness = misdeed.testDescription.contains("nothing")
        // The first list has nothing to compare with.
        if !isEmptiness { server.faults.add(misdeed.fault, on: request, times: misdeed.times) }
        let follower = try Follower(server, streams: streams)
        try await follower.settle()

        // Another list is needed, and is compared with what is known.
        server.faults.removeAll()
        try await server.waitForWatches(of: .services)
        server.faults.add(misdeed.fault, on: request, times: misdeed.times)
        let second: KubernetesTestServer.RequestPattern = streams ? .list(.services) : .watch(.services)
        server.faults.add(.status(500), on: second)
        try await server.interrupt(.services, .expired)
        server.delete(.services, "service-3")
        try server.edit(.services, "service-4") { $0["metadata"]?["labels"] = ["app": "changed"] }
        try server.apply(SampleObjects.service(20))
        try await follower.settle(deletions: ["service-3": 1])
    }

    @Test("A watch that fails goes on without a gap", arguments: Misdeed.all)
    func watches(misdeed: Misdeed) async throws {
        let server = try await Self.server()
        let follower = try Follower(server, streams: false)
        try await follower.settle()
        try await server.waitForWatches(of: .services)
        // Silence means something once there were bookmarks.
        try await follower.wait(for: "a bookmark") { await follower.informer.hasBookmarks }
        let fault = server.faults.add(misdeed.fault, on: .watch(.services), times: misdeed.times)
        try await server.interrupt(.services, .close)
        server.delete(.services, "service-3")
        for index in 20..<30 { try server.apply(SampleObjects.service(index)) }
        try await follower.settle(deletions: ["service-3": 1])
        try server.edit(.services, "service-4") { $0["metadata"]?["labels"] = ["app": "changed"] }
        server.delete(.services, "service-25")
        try await follower.settle(deletions: ["service-3": 1, "service-25": 1])
        #expect(server.faults.uses(of: fault) > 0)
    }

    @Test(
        "An answer that never ends to be wrong is not asked for forever",
        arguments: [
            Fault.status(400), .htmlPage, .answer("{\"type\":\"ADDED\"\n"),
            .answer("{\"type\":\"REPLACED\",\"object\":{}}\n"),
        ]
    )
    func newList(fault: Fault) async throws {
        let server = try await Self.server()
        let follower = try Follower(server, streams: false)
        try await follower.settle()
        try await server.waitForWatches(of: .services)
        let lists = await follower.informer.knowledge.lists
        server.faults.add(fault, on: .watch(.services), times: nil)
        try await server.interrupt(.services, .close)
        server.delete(.services, "service-3")
        try await follower.settle(deletions: ["service-3": 1])
        #expect(await follower.informer.knowledge.lists > lists)
    }

    @Test(
        "An open watch that is interrupted goes on without a gap",
        arguments: [KubernetesTestServer.Interruption.end, .close, .closeInLine, .hang, .expired],
        [true, false]
    )
    func interruptions(interruption: KubernetesTestServer.Interruption, streams: Bool) async throws {
        let server = try await Self.server()
        let follower = try Follower(server, streams: streams)
        for round in 0..<3 {
            try await follower.settle(deletions: ["service-9": round])
            try await server.waitForWatches(of: .services)
            try await follower.wait(for: "a bookmark") { await follower.informer.hasBookmarks }
            try await server.interrupt(.services, interruption)
            server.delete(.services, "service-9")
            try await follower.wait(for: "the deletion") { follower.replay.deletions["service-9"] == round + 1 }
            try server.apply(SampleObjects.service(9))
        }
        try await follower.settle(deletions: ["service-9": 3])
    }

    @Test(
        "What is no event breaks the watch, which goes on behind it",
        arguments: [
            "\n", "{\"type\":\n", "<html>\n", "null\n", "{}\n", #"{"type":"REPLACED","object":{}}"# + "\n",
            #"{"type":"BOOKMARK","object":{"metadata":{}}}"# + "\n",
            #"{"type":"ERROR","object":{"kind":"Status","message":"etcd is gone","code":500}}"# + "\n",
            #"{"type":"ERROR","object":{"kind":"Status","message":"too old","reason":"Expired","code":410}}"# + "\n",
            #"{"type":"ADDED"}"# + "\n", #"{"type":"ADDED","object":7}"# + "\n",
            #"{"type":"DELETED","object":{"kind":"Service"}}"# + "\n",
        ]
    )
    func noise(line: String) async throws {
        let server = try await Self.server()
        let follower = try Follower(server)
        try await follower.settle()
        try await server.waitForWatches(of: .services)
        try await server.sendLine(line, to: .services)
        server.delete(.services, "service-3")
        try await follower.settle(deletions: ["service-3": 1])
        #expect(follower.replay.services[ObjectName("default", "service-1")] != nil)
    }

    @Test("An object that can't be read stays as it was, in a list and in a watch", arguments: [true, false])
    func unreadableObjects(streams: Bool) async throws {
        let server = try await Self.server()
        let follower = try Follower(server, streams: streams)
        try await follower.settle()
        try await server.waitForWatches(of: .services)
        let name = ObjectName("default", "service-7")
        let before = follower.replay.services[name]
        try server.edit(.services, "service-7") { $0["spec"]?["ports"] = "none" }
        try server.apply(SampleObjects.service(20))
        try await follower.wait(for: "the next service") { follower.replay.services.count == 21 }
        try await server.interrupt(.services, .expired)
        server.delete(.services, "service-8")
        try await follower.wait(for: "the deletion") { follower.replay.deletions == ["service-8": 1] }
        #expect(follower.replay.services[name] == before)
        try server.edit(.services, "service-7") { $0["spec"]?["ports"] = [["port": 81]] }
        try await follower.settle(deletions: ["service-8": 1])

        // What is gone is gone, readable or not.
        try server.edit(.services, "service-7") { $0["spec"]?["ports"] = "none" }
        server.delete(.services, "service-7")
        try await follower.settle(deletions: ["service-7": 1, "service-8": 1])
    }
}
