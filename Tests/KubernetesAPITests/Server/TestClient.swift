import AsyncHTTPClient
import KubernetesTestServer
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOSSL

/// A plain client of the scripted server.
final class TestClient: Sendable {
    // The server lives as long as its clients, and they as long as their watches.
    private let server: KubernetesTestServer
    private let client: HTTPClient
    private let token: String?

    struct Answer {
        var status: Int
        var headers: HTTPHeaders
        var text: String

        /// The body as JSON; null if it is none.
        var json: JSON { (try? JSON(parsing: text)) ?? .null }
    }

    init(
        _ server: KubernetesTestServer,
        token: String? = "admin-token",
        certificate: (certificate: String, key: String)? = nil,
        decompresses: Bool = false
    ) throws {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(server.caPEM.utf8)))
        if let certificate {
            let chain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.certificate.utf8))
            tls.certificateChain = chain.map { .certificate($0) }
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(certificate.key.utf8), format: .pem))
        }
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        if decompresses { configuration.decompression = .enabled(limit: .size(1 << 28)) }
        configuration.networkFrameworkWaitForConnectivity = false
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        self.server = server
        self.token = token
    }

    deinit { client.shutdown { _ in } }

    func get(_ path: String, headers: HTTPHeaders = [:]) async throws -> Answer {
        try await send(.GET, path, headers: headers)
    }

    func send(
        _ method: HTTPMethod,
        _ path: String,
        _ body: JSON? = nil,
        headers: HTTPHeaders = [:]
    ) async throws -> Answer {
        let response = try await begin(method, path, body, headers: headers)
        let text = String(buffer: try await response.body.collect(upTo: 1 << 28))
        return Answer(status: Int(response.status.code), headers: response.headers, text: text)
    }

    /// Begins a watch.
    func watch(_ path: String) async throws -> WatchLines {
        let response = try await begin(.GET, path, nil, headers: [:])
        return WatchLines(client: self, body: response.body.makeAsyncIterator())
    }

    private func begin(
        _ method: HTTPMethod,
        _ path: String,
        _ body: JSON?,
        headers: HTTPHeaders
    ) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: server.url + path)
        request.method = method
        request.headers = headers
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let body {
            if !headers.contains(name: "Content-Type") {
                request.headers.add(name: "Content-Type", value: "application/json")
            }
            request.body = .bytes(ByteBuffer(string: body.text))
        }
        return try await client.execute(request, timeout: .seconds(180))
    }
}

/// The lines of a watch.
struct WatchLines {
    private let client: TestClient
    private var body: HTTPClientResponse.Body.AsyncIterator
    private var buffer = ""

    init(client: TestClient, body: HTTPClientResponse.Body.AsyncIterator) {
        self.client = client
        self.body = body
    }

    /// The next line, or what there is of it when the watch ends; nil at the end.
    mutating func nextText() async throws -> String? {
        while true {
            if let end = buffer.firstIndex(of: "\n") {
                defer { buffer.removeSubrange(...end) }
                return String(buffer[..<end])
            }
            guard let part = try await body.next() else {
                defer { buffer = "" }
                return buffer.isEmpty ? nil : buffer
            }
            buffer += String(buffer: part)
        }
    }

    /// The next event; nil at the end.
    mutating func next() async throws -> JSON? { try await nextText().map { try JSON(parsing: $0) } }

    /// The next event in short: `ADDED web 1003`.
    mutating func nextShort() async throws -> String? {
        try await next().map { event in
            let metadata = event["object"]?["metadata"]
            return [event["type"], metadata?["name"], metadata?["resourceVersion"]].compactMap { $0?.string }
                .joined(separator: " ")
        }
    }
}

extension KubernetesTestServer {
    /// Creates or updates a service.
    @discardableResult
    func applyService(_ name: String, namespace: String = "default", labels: JSON = [:]) throws -> Int {
        try apply([
            "apiVersion": "v1", "kind": "Service",
            "metadata": ["name": .string(name), "namespace": .string(namespace), "labels": labels],
            "spec": ["clusterIP": "10.96.0.10", "ports": [["port": 80, "protocol": "TCP"]]],
        ])
    }
}

extension TestClient.Answer {
    /// The names of a list's objects.
    var names: [String] { (json["items"]?.array ?? []).compactMap { $0["metadata"]?["name"]?.string } }

    /// The version of a list.
    var version: String { json["metadata"]?["resourceVersion"]?.string ?? "" }

    /// The token of a list's next page.
    var continueToken: String? { json["metadata"]?["continue"]?.string }
}
