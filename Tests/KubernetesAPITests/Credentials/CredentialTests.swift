import Foundation
import KubernetesTestServer
import Testing

@testable import KubernetesAPI

@Suite("Credentials that change")
struct CredentialTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private static func client(_ configuration: ClientConfiguration) -> APIClient {
        APIClient(configuration, userAgent: "tests", logger: .silent)
    }

    /// The user as whom the server knew the last request.
    private static func user(_ server: KubernetesTestServer) -> String? { server.requests.last?.user }

    @Test("A token that the server no longer accepts is read again, and the request is repeated once")
    func rotatedToken() async throws {
        let server = try await KubernetesTestServer()
        server.tokens = ["first": "one"]
        var configuration = try ClientConfiguration(server)
        configuration.authenticator = .tokenFile(try folder.write("first\n", to: "token"))
        let client = Self.client(configuration)
        _ = try await client.list(CoreV1.Service.self)
        #expect(Self.user(server) == "one")
        try folder.write("second\n", to: "token")
        server.tokens = ["second": "two"]
        _ = try await client.list(CoreV1.Service.self)
        #expect(server.requests.count == 3)
        #expect(Self.user(server) == "two")
        // A token that is refused and has not changed is not sent twice.
        server.tokens = [:]
        let error = await #expect(throws: APIError.self) { try await client.list(CoreV1.Service.self) }
        #expect(error?.code == .unauthorized)
        #expect(error?.message.contains("second") == false)
        #expect(server.requests.count == 4)
        // The last token is used as long as there is no file, and a watch begins with the new one too.
        try folder.remove("token")
        server.tokens = ["second": "two", "third": "three"]
        _ = try await client.list(CoreV1.Service.self)
        try folder.write("third", to: "token")
        server.tokens = ["third": "three"]
        _ = try await client.watch(CoreV1.Service.self)
        #expect(Self.user(server) == "three")
        await client.shutdown()
    }

    @Test("A pod's account is its token and its authority")
    func inCluster() async throws {
        let server = try await KubernetesTestServer()
        try folder.write("admin-token", to: "token")
        try folder.write(try server.caPEM, to: "ca.crt")
        let environment = ["KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "\(server.port)"]
        let client = Self.client(try .inCluster(environment: environment, directory: folder.path))
        _ = try await client.list(CoreV1.Service.self)
        #expect(Self.user(server) == "admin")
        await client.shutdown()
        try folder.write("", to: "token")
        let error = await #expect(throws: APIError.self) {
            try await Self.client(try .inCluster(environment: environment, directory: folder.path)).list(
                CoreV1.Service.self
            )
        }
        #expect(error?.message == "can't list services: \(folder.path)/token: has no token")
    }

    @Test("A client's certificate says who it is, and a new one in the files is used without a restart")
    func certificateFiles() async throws {
        let server = try await KubernetesTestServer()
        var configuration = try ClientConfiguration(server)
        configuration.authenticator = .none
        let (first, second) = (try server.clientCertificate(for: "one"), try server.clientCertificate(for: "two"))
        configuration.clientCertificate = .init(
            certificate: .file(try folder.write(first.certificate, to: "cert")),
            key: .file(try folder.write(first.key, to: "key"))
        )
        let client = Self.client(configuration)
        _ = try await client.list(CoreV1.Service.self)
        #expect(Self.user(server) == "one")
        // In between, the certificate has not its key, and the last pair is used.
        try folder.write(second.certificate, to: "cert")
        _ = try await client.list(CoreV1.Service.self)
        #expect(Self.user(server) == "one")
        try folder.write(second.key, to: "key")
        _ = try await client.list(CoreV1.Service.self)
        #expect(Self.user(server) == "two")
        await client.shutdown()
    }

    @Test("A new authority in the file is trusted without a restart")
    func authorityFile() async throws {
        let server = try await KubernetesTestServer(certificate: .otherAuthority)
        var configuration = try ClientConfiguration(server)
        configuration.certificateAuthority = .file(try folder.write(try server.caPEM, to: "ca"))
        let client = Self.client(configuration)
        let error = await #expect(throws: APIError.self) { try await client.serverVersion() }
        #expect(error?.code == .untrusted)
        try await server.restart()
        _ = try await client.serverVersion()
        try folder.write("not PEM", to: "ca")
        _ = try await client.serverVersion()
        let new = Self.client(configuration)
        let unreadable = await #expect(throws: APIError.self) { try await new.serverVersion() }
        #expect(unreadable?.code == .credentials)
        #expect(unreadable?.message.hasSuffix("\(folder.path)/ca: has no certificate in PEM") == true)
        await client.shutdown()
        await new.shutdown()
    }

    @Test("A kubeconfig with a certificate or a token is all that is needed", arguments: [true, false])
    func kubeconfig(hasCertificate: Bool) async throws {
        let server = try await KubernetesTestServer()
        let text = try server.kubeconfig(credentials: hasCertificate ? .certificate : .token("admin-token"))
        let client = Self.client(try Kubeconfig(path: try folder.write(text, to: "config")).configuration())
        _ = try await client.list(CoreV1.Service.self)
        #expect(Self.user(server) == "admin")
        await client.shutdown()
    }

    @Test("What is not accepted or forbidden is said with the verb, the resource and the role")
    func refusals() async throws {
        let server = try await KubernetesTestServer()
        server.deny("admin", "list", .endpointSlices)
        let client = Self.client(try ClientConfiguration(server))
        let forbidden = await #expect(throws: APIError.self) { try await client.list(DiscoveryV1.EndpointSlice.self) }
        let message = try #require(forbidden?.message)
        #expect(forbidden?.code == .forbidden)
        #expect(
            message.hasPrefix("can't list endpointslices.discovery.k8s.io: the server refuses it (403 Forbidden): ")
        )
        #expect(message.contains(#"User "admin" cannot list resource "endpointslices""#))
        #expect(
            message.hasSuffix(
                "; it needs a role with the verb list on the resource endpointslices of the group discovery.k8s.io, such as "
                    + "system:node-proxier"
            )
        )
        server.tokens = [:]
        let unauthorized = await #expect(throws: APIError.self) { try await client.list(CoreV1.Node.self) }
        #expect(
            unauthorized?.message
                == "can't list nodes: the server does not accept the credentials (401 Unauthorized): Unauthorized"
        )
        await client.shutdown()
    }

    @Test("No description has a secret")
    func secrets() throws {
        var configuration = ClientConfiguration(server: try ServerURL("https://10.0.0.1"))
        configuration.clientCertificate = .init(
            certificate: .data(Array("hush-1".utf8), origin: "a"),
            key: .data(Array("hush-2".utf8), origin: "b")
        )
        configuration.proxy = try ProxyURL("http://u:hush-3@10.0.0.2:3128")
        let authenticators: [ClientConfiguration.Authenticator] = [
            .token(Secret("hush-4")), .tokenFile("/token", fallback: Secret("hush-5")),
            .basic(username: "u", password: Secret("hush-6")),
            .exec(
                ExecPlugin(command: "/c", arguments: [Secret("hush-7")], environment: ["A": Secret("hush-8")])
            ),
        ]
        for authenticator in authenticators {
            configuration.authenticator = authenticator
            var text = "\(configuration) \(String(reflecting: configuration))"
            dump(configuration, to: &text)
            #expect(!text.contains("hush"))
        }
    }
}
