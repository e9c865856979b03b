import KubernetesTestServer
import Testing

@Suite("The scripted server's watches")
struct ServerWatchTests {
    @Test("A watch goes on from a version, and begins with all objects without one", arguments: ["", "0"])
    func watch(version: String) async throws {
        let server = try await KubernetesTestServer()
        try server.applyService("a")
        let version0 = server.resourceVersion
        try server.applyService("b")
        let client = try TestClient(server)
        var fromVersion = try await client.watch("/api/v1/services?watch=1&resourceVersion=\(version0)")
        #expect(try await fromVersion.nextShort() == "ADDED b \(version0 + 1)")
        var all = try await client.watch("/api/v1/services?watch=true&resourceVersion=\(version)")
        #expect(try await all.nextShort() == "ADDED a \(version0)")
        #expect(try await all.nextShort() == "ADDED b \(version0 + 1)")
        try server.edit(.services, "a") { $0["spec"]?["clusterIP"] = "10.96.0.11" }
        server.delete(.services, "b")
        for _ in 0..<1 {
            let modified = try #require(try await all.next())
            #expect(modified["type"] == "MODIFIED")
            #expect(modified["object"]?["kind"] == "Service")
            #expect(modified["object"]?["spec"]?["clusterIP"] == "10.96.0.11")
        }
        // A deletion has a version of its own.
        #expect(try await all.nextShort() == "DELETED b \(version0 + 3)")
        #expect(try await fromVersion.nextShort() == "MODIFIED a \(version0 + 2)")
    }

    @Test("An update that changes nothing is no event")
    func sameObject() async throws {
        let server = try await KubernetesTestServer()
        try server.applyService("a")
        let version = server.resourceVersion
        try server.applyService("a")
        #expect(server.resourceVersion == version)
    }

    @Test("An object that begins or ceases to be selected is added or deleted")
    func selectedObjects() async throws {
        let server = try await KubernetesTestServer()
        try server.applyService("a")
        let version = server.resourceVersion
        var watch = try await TestClient(server).watch("/api/v1/services?watch=1&labelSelector=x%3D3")
        try await server.waitForWatches(of: .services)
        try server.applyService("a", labels: ["x": "3"])
        try server.applyService("a", labels: ["x": "3", "y": "3"])
        try server.applyService("a", labels: ["x": "4"])
        try server.applyService("a", labels: ["x": "5"])
        try server.applyService("a", labels: ["x": "3"])
        #expect(try await watch.nextShort() == "ADDED a \(version + 1)")
        #expect(try await watch.nextShort() == "MODIFIED a \(version + 2)")
        let deleted = try #require(try await watch.next())
        #expect(deleted["type"] == "DELETED")
        // The object as it was, with the version of the change.
        #expect(deleted["object"]?["metadata"]?["resourceVersion"] == "\(version + 3)")
        #expect(deleted["object"]?["metadata"]?["labels"] == ["x": "3", "y": "3"])
        #expect(try await watch.nextShort() == "ADDED a \(version + 5)")
    }

    @Test("A watch from a forgotten version gets an event with 410, in an answer with 200")
    func expiredWatch() async throws {
        let server = try await KubernetesTestServer()
        try server.applyService("a")
        let version = server.resourceVersion
        try server.applyService("b")
        server.compact()
        var watch = try await TestClient(server).watch("/api/v1/services?watch=1&resourceVersion=\(version)")
        let event = try #require(try await watch.next())
        #expect(event["type"] == "ERROR")
        #expect(event["object"]?["code"] == 410)
        #expect(event["object"]?["reason"] == "Expired")
        #expect(
            event["object"]?["message"] == "too old resource version: \(version) (\(server.resourceVersion))"
        )
        #expect(try await watch.next() == nil)
    }

    @Test("Bookmarks have the version of all that was sent, and only who asks gets them")
    func bookmarks() async throws {
        let server = try await KubernetesTestServer()
        let client = try TestClient(server)
        let version = server.resourceVersion
        let path = "/apis/discovery.k8s.io/v1/endpointslices?watch=1&resourceVersion=\(version)"
        var with = try await client.watch(path + "&allowWatchBookmarks=true")
        var without = try await client.watch(path)
        try await server.waitForWatches(2, of: .endpointSlices)
        // A change of another resource moves the version too.
        try server.applyService("a")
        try await server.sendBookmarks(to: .endpointSlices)
        try server.apply(SampleObjects.endpointSlice(1, endpoints: 1))
        let bookmark = try #require(try await with.next())
        #expect(bookmark["type"] == "BOOKMARK")
        #expect(bookmark["object"]?["metadata"]?["resourceVersion"] == "\(version + 1)")
        #expect(bookmark["object"]?["metadata"]?["annotations"] == nil)
        #expect(bookmark["object"]?["endpoints"] == .null)
        #expect(try await without.nextShort() == "ADDED service-1-slice \(version + 2)")
    }

    @Test("Bookmarks come by themselves at an interval")
    func bookmarkInterval() async throws {
        let server = try await KubernetesTestServer()
        server.bookmarkInterval = .milliseconds(10)
        let path = "/api/v1/services?watch=1&allowWatchBookmarks=true"
        var watch = try await TestClient(server).watch(path)
        for _ in 0..<3 { #expect(try await watch.next()?["type"] == "BOOKMARK") }
    }

    @Test("A streaming list ends with a bookmark that says so")
    func streamingList() async throws {
        let server = try await KubernetesTestServer()
        try server.applyService("a")
        let path =
            "/api/v1/services?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
            + "&allowWatchBookmarks=true"
        var watch = try await TestClient(server).watch(path)
        #expect(try await watch.nextShort() == "ADDED a \(server.resourceVersion)")
        let bookmark = try #require(try await watch.next())
        #expect(bookmark["object"]?["metadata"]?["annotations"] == ["k8s.io/initial-events-end": "true"])
        #expect(bookmark["object"]?["metadata"]?["resourceVersion"] == "\(server.resourceVersion)")
        server.supportsStreamingLists = false
        let refused = try await TestClient(server).get(path)
        #expect(refused.status == 422)
        #expect(
            refused.json["message"]?.string
                == "ListOptions.meta.k8s.io \"\" is invalid: [resourceVersionMatch: Forbidden: resourceVersionMatch is "
                + "forbidden for watch, resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless "
                + "resourceVersion is provided]"
        )
    }

    @Test("The server ends a watch after its time limit, and notices a client that goes away")
    func ends() async throws {
        let server = try await KubernetesTestServer()
        var watch = try await TestClient(server).watch("/api/v1/services?watch=1&timeoutSeconds=1")
        #expect(try await watch.next() == nil)
        let task = Task {
            var watch = try await TestClient(server).watch("/api/v1/services?watch=1")
            return try await watch.next()
        }
        try await server.waitForWatches(1, of: .services)
        task.cancel()
        try await server.waitForWatches(0, of: .services)
        _ = await task.result
    }

    @Test("Several watches get tens of thousands of events, each in order")
    func manyEvents() async throws {
        let server = try await KubernetesTestServer()
        try server.load((0..<100).map { SampleObjects.endpointSlice($0, endpoints: 5) })
        let version = server.resourceVersion
        let path = "/apis/discovery.k8s.io/v1/endpointslices?watch=1&resourceVersion=\(version)"
        let count = 20_000
        let received = try await withThrowingTaskGroup(of: [Int].self) { group in
            for _ in 0..<3 {
                group.addTask {
                    var watch = try await TestClient(server).watch(path)
                    var versions: [Int] = []
                    while versions.count < count, let line = try await watch.nextText() {
                        let digits = try #require(line.split(separator: "\"resourceVersion\":\"").last).prefix {
                            $0 != "\""
                        }
                        versions.append(try #require(Int(digits)))
                    }
                    return versions
                }
            }
            try await server.waitForWatches(3, of: .endpointSlices)
            let states = (0..<200).map { SampleObjects.endpointSlice($0 % 100, endpoints: 5, generation: 1 + $0 / 100) }
            try server.update(with: states, times: count)
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(received.count == 3)
        for versions in received {
            let isInOrder = versions.elementsEqual(version + 1...version + count)
            #expect(isInOrder)
        }
    }
}
