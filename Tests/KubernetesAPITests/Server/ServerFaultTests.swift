import KubernetesTestServer
import NIOHTTP1
import Testing

@Suite("The scripted server's faults")
struct ServerFaultTests {
    @Test(
        "A connection that is closed is an error, and the next request is served",
        arguments: [
            Fault.closeBeforeAnswer, .closeAfterHead, .close(afterBytes: 30),
        ]
    )
    func closedConnection(fault: Fault) async throws {
        let server = try await KubernetesTestServer()
        let client = try TestClient(server)
        server.faults.add(fault, on: .list(.services))
        await #expect(throws: (any Error).self) { try await client.get("/api/v1/services") }
        #expect(try await client.get("/api/v1/services").status == 200)
    }

    @Test("A request that hangs gets no answer", arguments: [Fault.hang, .hang(afterBytes: 0), .hang(afterBytes: 30)])
    func hang(fault: Fault) async throws {
        let server = try await KubernetesTestServer()
        let id = server.faults.add(fault, on: .list(.services))
        let task = Task { try await TestClient(server).get("/api/v1/services") }
        try await server.waitForRequests(1, .list(.services))
        #expect(try await TestClient(server).get("/api/v1/services").status == 200)
        #expect(server.faults.uses(of: id) == 1)
        task.cancel()
        await #expect(throws: (any Error).self) { try await task.value }
    }

    @Test("Statuses, with the time to wait")
    func statuses() async throws {
        let server = try await KubernetesTestServer()
        let client = try TestClient(server)
        for status in [429, 500, 503] {
            server.faults.add(.status(status, retryAfter: 7), on: .list(.services))
            let answer = try await client.get("/api/v1/services")
            #expect(answer.status == status)
            #expect(answer.headers["Retry-After"] == ["7"])
            #expect(answer.json["details"]?["retryAfterSeconds"] == 7)
        }
        server.faults.add(.expired, on: .list(.services))
        #expect(try await client.get("/api/v1/services").json["reason"] == "Expired")
        server.faults.add(.expired, on: .watch(.services))
        var watch = try await client.watch("/api/v1/services?watch=1")
        #expect(try await watch.next()?["object"]?["code"] == 410)
        #expect(try await watch.next() == nil)
        let delay = server.faults.add(.delay(.milliseconds(1)), on: .any, times: nil)
        #expect(try await client.get("/api/v1/services").status == 200)
        #expect(server.faults.uses(of: delay) == 1)
    }

    @Test("Answers that lie")
    func lies() async throws {
        let server = try await KubernetesTestServer()
        try server.applyService("a")
        let client = try TestClient(server)
        server.faults.add(.emptyList, on: .list(.services))
        server.faults.add(.emptyListWithoutKind, on: .list(.services))
        server.faults.add(.htmlPage, on: .list(.services))
        server.faults.add(.truncated(atBytes: 50), on: .list(.services))
        let empty = try await client.get("/api/v1/services")
        #expect(empty.json["items"] == [])
        #expect(empty.json["kind"] == "ServiceList")
        #expect(try await client.get("/api/v1/services").text == "{\"items\":[]}")
        let page = try await client.get("/api/v1/services")
        #expect(page.status == 200)
        #expect(page.headers["Content-Type"] == ["text/html"])
        let truncated = try await client.get("/api/v1/services")
        #expect(truncated.text.utf8.count == 50)
        #expect(truncated.json == .null)
        #expect(try await client.get("/api/v1/services").names == ["a"])
    }

    @Test("A slow answer comes whole")
    func slow() async throws {
        let server = try await KubernetesTestServer()
        try server.applyService("a")
        server.faults.add(.slow(bytes: 7, every: .microseconds(100)), on: .any, times: nil)
        #expect(try await TestClient(server).get("/api/v1/services").names == ["a"])
    }

    @Test("Open watches are interrupted in all ways")
    func interruptions() async throws {
        let server = try await KubernetesTestServer()
        let client = try TestClient(server)
        func watch() async throws -> WatchLines {
            let watch = try await client.watch("/api/v1/services?watch=1&resourceVersion=\(server.resourceVersion)")
            try await server.waitForWatches(of: .services)
            return watch
        }
        var ended = try await watch()
        try await server.interrupt(.services, .end)
        #expect(try await ended.next() == nil)
        var expired = try await watch()
        try await server.interrupt(.services, .expired)
        #expect(try await expired.next()?["object"]?["code"] == 410)
        var closed = try await watch()
        try await server.interrupt(.services, .close)
        await #expect(throws: (any Error).self) { try await closed.next() }
        try await server.waitForWatches(0, of: .services)
        var cut = try await watch()
        try await server.interrupt(.services, .closeInLine)
        await #expect(throws: (any Error).self) { try await cut.next() }
        try await server.waitForWatches(0, of: .services)
        var deceived = try await watch()
        try await server.sendEvent(.deleted, ["metadata": ["name": "ghost", "resourceVersion": "7"]], to: .services)
        try await server.sendLine("{\"type\":\n", to: .services)
        #expect(try await deceived.nextShort() == "DELETED ghost 7")
        #expect(try await deceived.nextText() == "{\"type\":")
    }

    @Test("A stopped server refuses connections and comes back at the same port with its objects")
    func restart() async throws {
        let server = try await KubernetesTestServer()
        try server.applyService("a")
        let (client, port) = (try TestClient(server), server.port)
        var watch = try await client.watch("/api/v1/services?watch=1")
        _ = try await watch.next()
        try await server.stop()
        await #expect(throws: (any Error).self) { try await watch.next() }
        await #expect(throws: (any Error).self) { try await client.get("/api/v1/services") }
        try await server.start()
        #expect(server.port == port)
        #expect(try await client.get("/api/v1/services").names == ["a"])
    }

    @Test("A paused server says nothing, and goes on where it was")
    func pause() async throws {
        let server = try await KubernetesTestServer()
        let client = try TestClient(server)
        var watch = try await client.watch("/api/v1/services?watch=1")
        try await server.waitForWatches(of: .services)
        try await server.pause()
        try server.applyService("a")
        async let newConnection = TestClient(server).get("/api/v1/services")
        async let oldConnection = client.get("/api/v1/services")
        #expect(server.openWatches.map(\.position) == [server.resourceVersion - 1])
        #expect(server.requests(.list(.services)).isEmpty)
        try await server.resume()
        #expect(try await watch.nextShort() == "ADDED a \(server.resourceVersion)")
        #expect(try await newConnection.names == ["a"])
        #expect(try await oldConnection.names == ["a"])
    }
}
