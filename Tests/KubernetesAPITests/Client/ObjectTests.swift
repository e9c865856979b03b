import KubernetesTestServer
import Testing

@testable import KubernetesAPI

@Suite("Objects over the client")
struct ObjectTests {
    private struct Labels: Encodable, Sendable {
        var metadata: Metadata

        struct Metadata: Encodable, Sendable { var labels: [String: String?] }
    }

    @Test("Objects are created, read and changed, and conflicts are said")
    func writing() async throws {
        let server = try await KubernetesTestServer()
        let client = APIClient(try ClientConfiguration(server), userAgent: "tests/1", logger: .silent)
        let name = ObjectName("default", "service-1")
        try await client.create(SampleObjects.service(1), as: CoreV1.Service.resource, in: "default")
        let service = try await client.get(CoreV1.Service.self, name)
        #expect(service.spec?.clusterIP == "10.96.0.1")
        let taken = await #expect(throws: APIError.self) {
            try await client.create(SampleObjects.service(1), as: CoreV1.Service.resource, in: "default")
        }
        #expect(taken?.code == .conflict)
        #expect(taken?.message.contains(#"services "service-1" already exists"#) == true)
        try await client.patch(
            name,
            of: CoreV1.Service.resource,
            with: Labels(metadata: .init(labels: ["app": nil, "new": "label"]))
        )
        let changed = try await client.get(CoreV1.Service.self, name)
        #expect(changed.metadata.labels == ["new": "label"])
        #expect(changed.spec == service.spec)
        #expect(changed.metadata.resourceVersion == server.versions(of: .services)["default/service-1"])
        let missing = await #expect(throws: APIError.self) {
            try await client.get(CoreV1.Service.self, ObjectName("default", "no"))
        }
        #expect(missing?.code == .notFound)
        #expect(
            missing?.message.hasPrefix("can't get services default/no: the server does not have it (404 Not Found)")
                == true
        )
        let node: JSON = ["apiVersion": "v1", "kind": "Node", "metadata": ["name": "node-1"]]
        try await client.create(node, as: CoreV1.Node.resource)
        #expect(
            try await client.get(CoreV1.Node.self, ObjectName("", "node-1")).metadata.name == "node-1"
        )
        #expect(server.requests.allSatisfy { $0.headers["user-agent"] ?? $0.headers["User-Agent"] == "tests/1" })
        await client.shutdown()
    }

    @Test("A list that the server compresses is read, whole and in pages")
    func compressed() async throws {
        let server = try await KubernetesTestServer()
        try server.load((0..<800).map(SampleObjects.service))
        let client = APIClient(try ClientConfiguration(server), userAgent: "tests", logger: .silent)
        let expected = server.versions(of: .services)
        let list = try await client.list(CoreV1.Service.self)
        #expect(CoreV1.Service.versions(list.objects) == expected)
        var options = ListOptions()
        options.limit = 300
        var objects: [CoreV1.Service] = []
        repeat {
            let page = try await client.list(CoreV1.Service.self, options)
            objects += page.objects
            options.continueToken = page.continueToken
        } while options.continueToken != nil
        #expect(CoreV1.Service.versions(objects) == expected)
        #expect(objects.count == 800)
        #expect(server.requests(.list(.services)).count == 4)
        await client.shutdown()
    }

    @Test("An informer takes in a flood of updates, none of which is lost")
    func flood() async throws {
        let server = try await KubernetesTestServer()
        try server.load((0..<100).map(SampleObjects.service))
        let follower = try Follower(server, patience: .seconds(10))
        try await follower.settle()
        try await server.waitForWatches(of: .services)
        let states = (0..<200).map { index in
            var service = SampleObjects.service(index % 100)
            service["metadata"]?["labels"] = ["half": .string("\(index / 100)")]
            return service
        }
        let start = ContinuousClock.now
        for _ in 0..<100 {
            try server.update(with: states, times: 200)
            // Other tests need the threads too.
            await Task.yield()
        }
        try await follower.settle()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let events = follower.replay.count - 101
        print("\(events) events of 20,000 updates in \(seconds) s: \(Int(Double(events) / seconds)) a second")
    }
}
