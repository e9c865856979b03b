import KubernetesTestServer
import Testing

@testable import KubernetesAPI

// In parallel, hundreds of TLS connections would take longer than the short limits.
@Suite("An informer of a server that fails to watch", .serialized)
struct WatchFaultTests {
    @Test("A watch that fails goes on without a gap", arguments: Misdeed.all)
    func watches(misdeed: Misdeed) async throws {
        let server = try await KubernetesTestServer.with(services: 20)
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
        "A watch that is silent before the first bookmark is ended, and none after it if the server sends no bookmarks"
    )
    func silence() async throws {
        let server = try await KubernetesTestServer.with(services: 20)
        server.sendsBookmarks = false
        server.faults.add(.hang(afterBytes: 0), on: .watch(.services), times: 1)
        let follower = try Follower(server, streams: false)
        try await server.waitForRequests(1, .watch(.services))
        server.delete(.services, "service-3")
        try await follower.settle(deletions: ["service-3": 1])
        #expect(await follower.informer.knowledge.failures == 1)

        // Four times the limit of silence.
        try await Task.sleep(for: .milliseconds(2800))
        #expect(await follower.informer.knowledge.failures == 1)
        #expect(server.requests(.watch(.services)).count == 2)
    }

    @Test(
        "An answer that never ends to be wrong is not asked for forever",
        arguments: [
            Fault.status(400), .htmlPage, .answer("{\"type\":\"ADDED\"\n"),
            .answer("{\"type\":\"REPLACED\",\"object\":{}}\n"),
        ]
    )
    func newList(fault: Fault) async throws {
        let server = try await KubernetesTestServer.with(services: 20)
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
}
