import KubernetesTestServer
import Testing

@testable import KubernetesAPI

@Suite("Whom a client trusts, over TLS and through proxies")
struct TrustTests {
    /// The error of a request; nil if it succeeds.
    private static func failure(_ configuration: ClientConfiguration) async -> APIError? {
        let client = APIClient(configuration, userAgent: "tests", logger: .silent)
        defer { Task { await client.shutdown() } }
        do throws(APIError) {
            _ = try await client.serverVersion()
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "A server that can't be trusted is refused with the reason",
        arguments: [
            (
                KubernetesTestServer.Certificate.otherAuthority,
                "is not trusted: it is not of a known certificate authority"
            ),
            (.expired, "it has expired or is not yet valid"),
            (.otherName, "has another name; set tls-server-name to a name that it has"),
        ]
    )
    func certificate(certificate: KubernetesTestServer.Certificate, words: String) async throws {
        let server = try await KubernetesTestServer(certificate: certificate)
        var configuration = try ClientConfiguration(server)
        let error = try #require(await Self.failure(configuration))
        #expect(error.code == .untrusted)
        #expect(error.message.contains(words) && error.message.contains("127.0.0.1:\(server.port)"), "\(error)")
        #expect(server.requests.isEmpty)
        configuration.isInsecure = true
        configuration.certificateAuthority = nil
        #expect(await Self.failure(configuration) == nil)
    }

    @Test("The certificate of a server at an IP address must have the tls-server-name that is given")
    func serverName() async throws {
        let server = try await KubernetesTestServer(names: ["api.example", "*.wild.example"])
        var configuration = try ClientConfiguration(server)
        for name in ["api.example", "API.example", "localhost", "one.wild.example", nil] {
            configuration.tlsServerName = name
            #expect(await Self.failure(configuration) == nil, "\(name ?? "")")
        }
        server.forgetRequests()
        for name in ["other.example", "wild.example", "one.two.wild.example", "api.example.com"] {
            configuration.tlsServerName = name
            let error = await Self.failure(configuration)
            #expect(error?.code == .untrusted, "\(name)")
            #expect(error?.message.contains("has another name") == true, "\(name)")
        }
        #expect(server.requests.isEmpty)
    }

    @Test("A host name must be in the certificate, whether its address is or not")
    func hostName() async throws {
        let server = try await KubernetesTestServer(certificate: .otherName)
        var configuration = try ClientConfiguration(server, url: "https://localhost:\(server.port)")
        #expect(await Self.failure(configuration)?.code == .untrusted)
        configuration.tlsServerName = "other.example"
        #expect(await Self.failure(configuration) == nil)
    }

    @Test(
        "Names of certificates match as RFC 6125 has it",
        arguments: [
            ("a.example", "a.example", true), ("A.Example.", "a.example", true), ("a.example", "a.example.", true),
            ("*.example", "a.example", true), ("*.example", "a.b.example", false), ("*.example", "example", false),
            ("*", "example", false), ("a*.example", "ab.example", false), ("*.example", ".example", false),
            ("", "", false), ("b.example", "a.example", false),
        ]
    )
    func names(pattern: String, host: String, matches: Bool) {
        #expect(ServerIdentity.matches(pattern, host) == matches)
    }

    @Test("A server is reached through a proxy, by its name and by its address", arguments: ["localhost", "127.0.0.1"])
    func proxy(host: String) async throws {
        let server = try await KubernetesTestServer()
        let proxy = try await TestProxy()
        var configuration = try ClientConfiguration(server, url: "https://\(host):\(server.port)")
        configuration.proxy = try ProxyURL("http://\(proxy.authority)")
        #expect(await Self.failure(configuration) == nil)
        configuration.tlsServerName = "localhost"
        #expect(await Self.failure(configuration) == nil)
        configuration.tlsServerName = "other.example"
        #expect(await Self.failure(configuration)?.code == .untrusted)
        #expect(Set(proxy.targets) == ["\(host):\(server.port)"])
        #expect(server.requests.count == 2)
    }

    @Test("Through a proxy too, only the server's own address is accepted")
    func proxyOtherAddress() async throws {
        // The certificate has the address of the proxy, and not that of the server.
        let server = try await KubernetesTestServer(address: "127.0.0.2")
        let proxy = try await TestProxy()
        var configuration = try ClientConfiguration(server)
        configuration.proxy = try ProxyURL("http://\(proxy.authority)")
        #expect(await Self.failure(configuration)?.code == .untrusted)
        try await server.restart(certificate: .otherAuthority)
        #expect(await Self.failure(configuration)?.code == .untrusted)
        #expect(server.requests.isEmpty)
    }

    @Test("A proxy gets its password, and one that refuses or is away is named")
    func proxyErrors() async throws {
        let server = try await KubernetesTestServer()
        let proxy = try await TestProxy(login: "me:hush-hush")
        var configuration = try ClientConfiguration(server)
        configuration.proxy = try ProxyURL("http://me:hush-hush@\(proxy.authority)")
        #expect(await Self.failure(configuration) == nil)
        #expect(!"\(configuration)".contains("hush-hush"))
        configuration.proxy = try ProxyURL("http://me:wrong-one@\(proxy.authority)")
        let refused = await Self.failure(configuration)
        #expect(refused?.message.contains("the proxy wants a user name and a password") == true)
        #expect(refused?.message.contains("wrong-one") == false)
        configuration.proxy = try ProxyURL("http://me:hush-hush@\(proxy.authority)")
        try await server.stop()
        #expect(
            await Self.failure(configuration)?.message.contains("the proxy makes no connection to 127.0.0.1:") == true
        )
        configuration.proxy = try ProxyURL("http://127.0.0.1:1")
        let away = await Self.failure(configuration)
        #expect(away?.message.contains("127.0.0.1:1 can't be reached") == true, "\(away as Any)")
    }
}
