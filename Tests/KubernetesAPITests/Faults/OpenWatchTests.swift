import KubernetesTestServer
import Testing

@testable import KubernetesAPI

@Suite("An informer whose watch breaks or has what it should not", .serialized)
struct OpenWatchTests {
    @Test(
        "An open watch that is interrupted goes on without a gap",
        arguments: [KubernetesTestServer.Interruption.end, .close, .closeInLine, .hang, .expired],
        [true, false]
    )
    func interruptions(interruption: KubernetesTestServer.Interruption, streams: Bool) async throws {
        let server = try await KubernetesTestServer.with(services: 20)
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
        let server = try await KubernetesTestServer.with(services: 20)
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
        let server = try await KubernetesTestServer.with(services: 20)
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
