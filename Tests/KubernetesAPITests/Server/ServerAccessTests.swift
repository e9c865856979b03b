import AsyncHTTPClient
import KubernetesTestServer
import NIOSSL
import Testing

@Suite("Who the scripted server lets in")
struct ServerAccessTests {
    @Test("A forbidden request is answered in a real server's words")
    func forbidden() async throws {
        let server = try await KubernetesTestServer()
        server.tokens["nobody-token"] = "nobody"
        server.deny("nobody", "list", .services)
        server.deny("nobody", "watch", .endpointSlices)
        server.deny("nobody", "get", .services)
        let client = try TestClient(server, token: "nobody-token")
        let list = try await client.get("/api/v1/services")
        #expect(list.status == 403)
        #expect(
            list.json == [
                "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure",
                "message": .string(
                    "services is forbidden: User \"nobody\" cannot list resource \"services\" in API group \"\" "
                        + "at the cluster scope"
                ),
                "reason": "Forbidden", "details": ["kind": "services"], "code": 403,
            ]
        )
        let watch = try await client.get("/apis/discovery.k8s.io/v1/namespaces/x/endpointslices?watch=1")
        #expect(
            watch.json["message"]?.string
                == "endpointslices.discovery.k8s.io is forbidden: User \"nobody\" cannot watch resource "
                + "\"endpointslices\" in API group \"discovery.k8s.io\" in the namespace \"x\""
        )
        let one = try await client.get("/api/v1/namespaces/default/services/web")
        #expect(one.json["details"] == ["name": "web", "kind": "services"])
        server.deny("nobody", "list", .services, false)
        #expect(try await client.get("/api/v1/services").status == 200)
    }

    @Test("Tokens can be rotated, wrong ones are 401, and without credentials one is anonymous")
    func tokens() async throws {
        let server = try await KubernetesTestServer()
        let (old, new) = (try TestClient(server), try TestClient(server, token: "new-token"))
        #expect(try await new.get("/api/v1/services").status == 401)
        server.tokens = ["new-token": "admin"]
        #expect(try await old.get("/api/v1/services").json["message"]?.string == "Unauthorized")
        #expect(try await new.get("/api/v1/services").status == 200)
        let nobody = try TestClient(server, token: nil)
        #expect(try await nobody.get("/api/v1/services").status == 403)
        #expect(try await nobody.get("/healthz").text == "ok")
        #expect(server.requests.map(\.user) == [nil, nil, "admin", nil, nil])
    }

    @Test("A certificate proves who a client is")
    func clientCertificate() async throws {
        let server = try await KubernetesTestServer()
        let certificate = try server.clientCertificate(for: "system:kube-proxy")
        let client = try TestClient(server, token: nil, certificate: certificate)
        #expect(try await client.get("/api/v1/services").status == 200)
        #expect(server.requests.map(\.user) == ["system:kube-proxy"])
        let other = try await KubernetesTestServer()
        #expect(try await TestClient(other, token: nil, certificate: certificate).get("/api/v1/services").status == 401)
    }

    @Test(
        "Wrong certificates are refused by the client",
        arguments: [
            KubernetesTestServer.Certificate.otherAuthority, .expired, .otherName,
        ]
    )
    func wrongCertificate(certificate: KubernetesTestServer.Certificate) async throws {
        let server = try await KubernetesTestServer(certificate: certificate)
        await #expect(throws: (any Error).self) { try await TestClient(server).get("/healthz") }
        try await server.restart()
        #expect(try await TestClient(server).get("/healthz").text == "ok")
    }

    @Test("The server listens at other addresses", arguments: ["::1", "127.0.0.2"])
    func addresses(address: String) async throws {
        let server = try await KubernetesTestServer(address: address, names: ["127.0.0.2"])
        #expect(try await TestClient(server).get("/version").json["major"] == "1")
    }
}
