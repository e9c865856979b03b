import KubernetesTestServer
import NIOHTTP1
import Testing

@Suite("The scripted server's changes by clients")
struct ServerWriteTests {
    private let service: JSON = [
        "apiVersion": "v1", "kind": "Service", "metadata": ["name": "web"], "spec": ["ports": [["port": 80]]],
    ]

    @Test("Objects are created, read, patched, replaced and deleted")
    func life() async throws {
        let server = try await KubernetesTestServer()
        let client = try TestClient(server)
        let all = "/api/v1/namespaces/default/services"
        let created = try await client.send(.POST, all, service)
        #expect(created.status == 201)
        #expect(created.json["spec"]?["clusterIP"]?.string?.hasPrefix("10.1") == true)
        #expect(created.json["spec"]?["ports"] == [["port": 80, "protocol": "TCP", "targetPort": 80]])
        let again = try await client.send(.POST, all, service)
        #expect(again.status == 409)
        #expect(again.json["message"]?.string == "services \"web\" already exists")
        let patched = try await client.send(
            .PATCH,
            all + "/web",
            ["metadata": ["labels": ["a": "b"]]],
            headers: ["Content-Type": "application/merge-patch+json"]
        )
        #expect(patched.json["metadata"]?["labels"] == ["a": "b"])
        #expect(patched.json["metadata"]?["uid"] == created.json["metadata"]?["uid"])
        let stale = try await client.send(.PUT, all + "/web", created.json)
        #expect(stale.status == 409)
        #expect(
            stale.json["message"]?.string
                == "Operation cannot be fulfilled on services \"web\": the object has been modified; "
                + "please apply your changes to the latest version and try again"
        )
        let read = try await client.get(all + "/web")
        #expect(read.json == patched.json)
        let deleted = try await client.send(.DELETE, all + "/web")
        #expect(deleted.json["status"] == "Success")
        let missing = try await client.get(all + "/web")
        #expect(missing.status == 404)
        #expect(missing.json["message"]?.string == "services \"web\" not found")
        #expect(server.objects(of: .services) == [])
    }

    @Test("The generation of a slice counts changes of its endpoints, not of its metadata")
    func generation() async throws {
        let server = try await KubernetesTestServer()
        func generation() -> JSON? { server.objects(of: .endpointSlices).first?["metadata"]?["generation"] }
        try server.apply(SampleObjects.endpointSlice(1, endpoints: 2))
        #expect(generation() == 1)
        try server.edit(.endpointSlices, "service-1-slice") { $0["metadata"]?["labels"]?["a"] = "b" }
        #expect(generation() == 1)
        try server.edit(.endpointSlices, "service-1-slice") { $0["endpoints"] = [] }
        #expect(generation() == 2)
    }

    @Test("An event of one group is one of the other too")
    func events() async throws {
        let server = try await KubernetesTestServer()
        let client = try TestClient(server)
        let event: JSON = [
            "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": ["generateName": "node-1."],
            "regarding": ["kind": "Node", "name": "node-1"], "note": "Not good", "reason": "Bad", "type": "Warning",
        ]
        let created = try await client.send(.POST, "/apis/events.k8s.io/v1/namespaces/default/events", event)
        #expect(created.status == 201)
        let name = try #require(created.json["metadata"]?["name"]?.string)
        #expect(name.hasPrefix("node-1."))
        let core = try await client.get("/api/v1/namespaces/default/events/\(name)")
        #expect(core.json["message"]?.string == "Not good")
        #expect(core.json["involvedObject"] == ["kind": "Node", "name": "node-1"])
    }

    @Test("Requests that don't fit are refused")
    func refusals() async throws {
        let client = try TestClient(try await KubernetesTestServer())
        #expect(try await client.send(.POST, "/api/v1/services", service).status == 405)
        #expect(try await client.send(.POST, "/api/v1/namespaces/default/services", "text").status == 400)
        #expect(try await client.send(.POST, "/api/v1/nodes", service).status == 400)
        #expect(try await client.send(.POST, "/api/v1/namespaces/x/services", ["kind": "Service"]).status == 422)
        #expect(try await client.get("/api/v1/services?labelSelector=a%3D%3D%3D").status == 400)
        #expect(try await client.get("/api/v1/services?fieldSelector=spec.foo%3D1").status == 400)
        #expect(try await client.get("/apis/none/v1").status == 404)
    }
}
