import KubernetesTestServer
import NIOHTTP1
import Testing

@Suite("The scripted server's lists")
struct ServerListTests {
    @Test("Items have no kind, as a real server's, and the list has the newest version")
    func list() async throws {
        let server = try await KubernetesTestServer()
        try server.applyService("web")
        let list = try await TestClient(server).get("/api/v1/services")
        #expect(list.status == 200)
        #expect(list.json["kind"] == "ServiceList")
        #expect(list.version == "\(server.resourceVersion)")
        let item = try #require(list.json["items"]?[0])
        #expect(item["kind"] == nil)
        #expect(item["apiVersion"] == nil)
        let metadata = item["metadata"]
        #expect(metadata?["uid"]?.string?.count == 36)
        #expect(metadata?["resourceVersion"] == "\(server.resourceVersion)")
        #expect(metadata?["creationTimestamp"]?.string?.hasSuffix("Z") == true)
    }

    @Test(
        "Selectors and namespaces choose objects",
        arguments: [
            ("/api/v1/services", ["a", "b", "c", "d"]),
            ("/api/v1/namespaces/other/services", ["d"]),
            ("/api/v1/services?labelSelector=app%3Dx", ["a"]),
            ("/api/v1/services?labelSelector=app%3D%3Dx", ["a"]),
            ("/api/v1/services?labelSelector=app!%3Dx", ["b", "c", "d"]),
            ("/api/v1/services?labelSelector=app%20in%20(x,y)", ["a", "b"]),
            ("/api/v1/services?labelSelector=app%20notin%20(x,%20y)", ["c", "d"]),
            ("/api/v1/services?labelSelector=app", ["a", "b"]),
            ("/api/v1/services?labelSelector=!app", ["c", "d"]),
            ("/api/v1/services?labelSelector=!service.kubernetes.io/headless,app", ["a"]),
            ("/api/v1/services?fieldSelector=metadata.name%3Dc", ["c"]),
            ("/api/v1/services?fieldSelector=metadata.namespace!%3Ddefault", ["d"]),
        ]
    )
    func selectors(path: String, names: [String]) async throws {
        let server = try await KubernetesTestServer()
        try server.applyService("a", labels: ["app": "x"])
        try server.applyService("b", labels: ["app": "y", "service.kubernetes.io/headless": ""])
        try server.applyService("c")
        try server.applyService("d", namespace: "other")
        #expect(try await TestClient(server).get(path).names == names)
    }

    @Test("All pages are of the first one's version")
    func pages() async throws {
        let server = try await KubernetesTestServer()
        for name in ["a", "b", "c", "d", "e"] { try server.applyService(name) }
        let client = try TestClient(server)
        let first = try await client.get("/api/v1/services?limit=2")
        #expect(first.names == ["a", "b"])
        #expect(first.json["metadata"]?["remainingItemCount"] == 3)
        server.delete(.services, "d")
        try server.applyService("c2")
        let second = try await client.get("/api/v1/services?limit=2&continue=\(try #require(first.continueToken))")
        #expect(second.names == ["c", "d"])
        #expect(second.version == first.version)
        let third = try await client.get("/api/v1/services?limit=2&continue=\(try #require(second.continueToken))")
        #expect(third.names == ["e"])
        #expect(third.continueToken == nil)
    }

    @Test("A page whose version is forgotten is 410, with a token for the rest as it is now")
    func expiredPage() async throws {
        let server = try await KubernetesTestServer()
        for name in ["a", "b", "c"] { try server.applyService(name) }
        let client = try TestClient(server)
        let first = try await client.get("/api/v1/services?limit=1")
        server.delete(.services, "b")
        server.compact()
        let second = try await client.get("/api/v1/services?limit=1&continue=\(try #require(first.continueToken))")
        #expect(second.status == 410)
        #expect(second.json["reason"] == "Expired")
        let rest = try await client.get("/api/v1/services?continue=\(try #require(second.continueToken))")
        #expect(rest.names == ["c"])
        #expect(rest.version == "\(server.resourceVersion)")
    }

    @Test("Old, exact, future and wrong versions")
    func versions() async throws {
        let server = try await KubernetesTestServer()
        try server.applyService("a")
        let version = server.resourceVersion
        try server.applyService("b")
        let client = try TestClient(server)
        let exact = "/api/v1/services?resourceVersion=\(version)&resourceVersionMatch=Exact"
        #expect(try await client.get(exact).names == ["a"])
        #expect(try await client.get("/api/v1/services?resourceVersion=\(version)").names == ["a", "b"])
        server.compact()
        let expired = try await client.get(exact)
        #expect(expired.status == 410)
        #expect(expired.json["message"]?.string == "The resourceVersion for the provided list is too old.")
        let future = try await client.get("/api/v1/services?resourceVersion=999999")
        #expect(future.status == 504)
        #expect(future.headers["Retry-After"] == ["1"])
        #expect(
            future.json["message"]?.string
                == "Timeout: Too large resource version: 999999, current: \(server.resourceVersion)"
        )
        #expect(try await client.get("/api/v1/services?resourceVersion=abc").status == 500)
        #expect(try await client.get("/api/v1/services?resourceVersionMatch=Exact").status == 422)
    }

    @Test("A large list is compressed for a client that takes gzip")
    func compression() async throws {
        let server = try await KubernetesTestServer()
        try server.load((0..<500).map { SampleObjects.service($0) })
        let raw = try await TestClient(server).get("/api/v1/services", headers: ["Accept-Encoding": "gzip"])
        #expect(raw.headers["Content-Encoding"] == ["gzip"])
        let list = try await TestClient(server, decompresses: true).get("/api/v1/services")
        #expect(list.names.count == 500)
    }

    @Test("Types that the server can't make are 406")
    func types() async throws {
        let client = try TestClient(try await KubernetesTestServer())
        let path = "/apis/discovery.k8s.io/v1/endpointslices"
        #expect(try await client.get(path, headers: ["Accept": "application/vnd.kubernetes.protobuf"]).status == 406)
        let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
        #expect(try await client.get(path, headers: ["Accept": table]).status == 200)
    }
}
