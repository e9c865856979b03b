import KubernetesTestServer
import Testing

@testable import KubernetesAPI

@Suite("An informer of a server that is away or changes", .serialized)
struct ServerStateTests {
    @Test("A server that is killed and comes back is followed on", arguments: [true, false])
    func killed(compacts: Bool) async throws {
        let server = try await KubernetesTestServer.with(services: 20)
        let follower = try Follower(server)
        try await follower.settle()
        try await server.stop()
        server.delete(.services, "service-3")
        try server.apply(SampleObjects.service(20))
        try await follower.wait(for: "failures") {
            let knowledge = await follower.informer.knowledge
            return knowledge.failures >= 3 && knowledge.error?.code == .disconnected
        }
        #expect(follower.replay.services.count == 20)
        if compacts { server.compact() }
        try await server.start()
        try await follower.settle(deletions: ["service-3": 1])
        #expect(await follower.informer.knowledge.error == nil)
    }

    @Test("A server that has not started yet is waited for")
    func late() async throws {
        let server = try await KubernetesTestServer.with(services: 20)
        try await server.stop()
        let follower = try Follower(server)
        try await follower.wait(for: "failures") { await follower.informer.knowledge.failures >= 3 }
        #expect(follower.replay.count == 0)
        try await server.start()
        try await follower.settle()
    }

    @Test("A server that is dead without a word is noticed, and followed on when it is back", arguments: [true, false])
    func paused(streams: Bool) async throws {
        let server = try await KubernetesTestServer.with(services: 20)
        let follower = try Follower(server, streams: streams)
        try await follower.settle()
        try await server.sendBookmarks(to: .services)
        try await follower.wait(for: "a bookmark") { await follower.informer.hasBookmarks }
        try await server.pause()
        server.delete(.services, "service-3")
        try await follower.wait(for: "failures") { await follower.informer.knowledge.failures >= 2 }
        #expect(await follower.informer.knowledge.error?.code == .timedOut)
        #expect(follower.replay.services.count == 20)
        try await server.resume()
        try await follower.settle(deletions: ["service-3": 1])
    }

    @Test("A watch without bookmarks that is silent ends after its time limit and the grace")
    func silentWatch() async throws {
        let server = try await KubernetesTestServer.with(services: 20)
        server.sendsBookmarks = false
        let follower = try Follower(server, streams: false) { options in
            options.watchTimeout = .milliseconds(100)
            options.watchGrace = .milliseconds(100)
        }
        try await follower.settle()
        try await server.waitForWatches(of: .services)
        try await server.interrupt(.services, .hang)
        server.delete(.services, "service-3")
        try await follower.settle(deletions: ["service-3": 1])
    }

    @Test(
        "A server with a wrong certificate for a while changes nothing",
        arguments: [KubernetesTestServer.Certificate.otherAuthority, .expired, .otherName]
    )
    func certificate(certificate: KubernetesTestServer.Certificate) async throws {
        let server = try await KubernetesTestServer.with(services: 20)
        let follower = try Follower(server)
        try await follower.settle()
        try await server.restart(certificate: certificate)
        server.delete(.services, "service-3")
        try await follower.wait(for: "failures") {
            await follower.informer.knowledge.error?.code == .untrusted
        }
        #expect(follower.replay.services.count == 20)
        try await server.restart()
        try await follower.settle(deletions: ["service-3": 1])
    }

    @Test("A token that isn't accepted for a while changes nothing")
    func token() async throws {
        let server = try await KubernetesTestServer.with(services: 20)
        let follower = try Follower(server)
        try await follower.settle()
        let tokens = server.tokens
        server.tokens = [:]
        try await server.interrupt(.services, .close)
        server.delete(.services, "service-3")
        try await follower.wait(for: "failures") {
            await follower.informer.knowledge.error?.code == .unauthorized
        }
        server.tokens = tokens
        try await follower.settle(deletions: ["service-3": 1])
    }

    @Test("A permission that is taken away for a while changes nothing")
    func permission() async throws {
        let server = try await KubernetesTestServer.with(services: 20)
        let follower = try Follower(server)
        try await follower.settle()
        for verb in ["list", "watch"] { server.deny("admin", verb, .services) }
        try await server.interrupt(.services, .expired)
        server.delete(.services, "service-3")
        try await follower.wait(for: "failures") {
            await follower.informer.knowledge.error?.code == .forbidden
        }
        for verb in ["list", "watch"] { server.deny("admin", verb, .services, false) }
        try await follower.settle(deletions: ["service-3": 1])
    }

    @Test("A history that is lost between two pages is no reason to report less")
    func compactionBetweenPages() async throws {
        let server = try await KubernetesTestServer.with(services: 20)
        server.faults.add(.delay(.milliseconds(80)), on: .furtherPage(of: .services), times: 2)
        let follower = try Follower(server, streams: false)
        try await server.waitForRequests(1, .furtherPage(of: .services))
        server.delete(.services, "service-0")
        server.delete(.services, "service-19")
        server.compact()
        try await follower.settle()
    }

    @Test("Pages that expire each time are given up for one list")
    func expiredPages() async throws {
        let server = try await KubernetesTestServer.with(services: 20)
        server.faults.add(.expired, on: .furtherPage(of: .services), times: nil)
        let follower = try Follower(server, streams: false)
        try await follower.settle()
        #expect(server.requests(.list(.services)).last?.query["limit"] == nil)
    }

    @Test("A server without streaming lists is asked for pages, and not for streams again")
    func noStreams() async throws {
        let server = try await KubernetesTestServer.with(services: 20)
        server.supportsStreamingLists = false
        let follower = try Follower(server, patience: .seconds(20))
        try await follower.settle()
        #expect(server.requests(.list(.services)).count == 3)
        try await server.waitForWatches(of: .services)
        try await server.interrupt(.services, .expired)
        server.delete(.services, "service-3")
        try await follower.settle(deletions: ["service-3": 1])
        #expect(server.requests.count { $0.query["sendInitialEvents"] != nil } == 1)
    }

    @Test("A streaming list that is too slow is replaced by pages, and the next list is a stream again")
    func slowStream() async throws {
        let server = try await KubernetesTestServer.with(services: 20)
        server.faults.add(.hang(afterBytes: 4000), on: .watch(.services), times: 1)
        let follower = try Follower(server)
        try await follower.settle()
        #expect(server.requests(.list(.services)).count == 3)
        try await server.waitForWatches(of: .services)
        try await server.interrupt(.services, .expired)
        server.delete(.services, "service-3")
        try await follower.settle(deletions: ["service-3": 1])
        #expect(server.requests(.list(.services)).count == 3)
        #expect(server.requests.count { $0.query["sendInitialEvents"] != nil } == 2)
    }

    @Test("A streaming list is one request, and a quiet watch costs none")
    func requests() async throws {
        let server = try await KubernetesTestServer.with(services: 20)
        let follower = try Follower(server, patience: .seconds(20))
        try await follower.settle()
        for index in 20..<40 { try server.apply(SampleObjects.service(index)) }
        try await follower.settle()
        #expect(server.requests(.list(.services)).isEmpty)
        #expect(server.requests(.watch(.services)).first?.query["sendInitialEvents"] == "true")
    }

    @Test("All services that are deleted are believed to be gone at the second list")
    func emptied() async throws {
        let server = try await KubernetesTestServer.with(services: 3)
        let follower = try Follower(server)
        try await follower.settle()
        try await server.stop()
        for index in 0..<3 { server.delete(.services, "service-\(index)") }
        server.compact()
        try await server.start()
        try await follower.settle(deletions: ["service-0": 1, "service-1": 1, "service-2": 1])
    }

    @Test("Only selected objects of one namespace are followed")
    func selection() async throws {
        let server = try await KubernetesTestServer.with(services: 20)
        var other = SampleObjects.service(1)
        other["metadata"]?["namespace"] = "kube-system"
        try server.apply(other)
        let follower = try Follower(server) { options in
            options.namespace = "default"
            options.labelSelector = "app=service-1"
        }
        try await follower.wait(for: "one service") { follower.replay.services.count == 1 }
        try server.edit(.services, "service-1") { $0["metadata"]?["labels"] = ["app": "other"] }
        try await follower.wait(for: "its end") { follower.replay.services.isEmpty }
        #expect(await follower.end().contradictions == [])
    }
}
