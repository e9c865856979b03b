import Foundation
import KubernetesTestServer
import Testing

@testable import KubernetesAPI

@Suite("Programs that print credentials")
struct PluginTests {
    private let folder: TestFolder
    private let server: KubernetesTestServer

    init() async throws {
        folder = try TestFolder()
        server = try await KubernetesTestServer()
        server.tokens = ["hush-1": "one", "hush-2": "two"]
    }

    /// A client whose program counts its runs in a file, and then does what a shell script says.
    private func client(_ script: String, timeLimit: Duration = .seconds(30)) throws -> APIClient {
        let program = try folder.write(
            "#!/bin/sh\ncd '\(folder.path)'\necho run >> runs\n\(script)\n",
            to: "program",
            isExecutable: true
        )
        var configuration = try ClientConfiguration(server)
        configuration.authenticator = .exec(ExecPlugin(command: program, timeLimit: timeLimit))
        return APIClient(configuration, userAgent: "tests", logger: .silent)
    }

    private var runs: Int { folder.text("runs").split(separator: "\n").count }

    private static func answer(_ status: String) -> String {
        #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{\#(status)}}"#
    }

    @Test("A token is used until the server refuses it, and the program is run once for all that wait")
    func token() async throws {
        try folder.write(Self.answer(#""token":"hush-1""#), to: "answer")
        let client = try client("sleep 0.05; cat answer")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<10 { group.addTask { _ = try await client.list(CoreV1.Service.self) } }
            try await group.waitForAll()
        }
        #expect(runs == 1)
        #expect(server.requests.last?.user == "one")
        try folder.write(Self.answer(#""token":"hush-2""#), to: "answer")
        server.tokens = ["hush-2": "two"]
        _ = try await client.list(CoreV1.Service.self)
        #expect(runs == 2)
        #expect(server.requests.last?.user == "two")
        server.tokens = [:]
        let error = await #expect(throws: APIError.self) { try await client.list(CoreV1.Service.self) }
        #expect(error?.code == .unauthorized)
        #expect(error?.message.contains("hush") == false)
        await client.shutdown()
    }

    @Test(
        "A token that has expired is not sent",
        arguments: ["2020-01-01T00:00:00Z", "2020-01-01T00:00:00.123456+01:00"]
    )
    func expired(time: String) async throws {
        try folder.write(Self.answer(#""token":"hush-1","expirationTimestamp":"\#(time)""#), to: "answer")
        let client = try client("cat answer")
        for _ in 0..<3 { _ = try await client.list(CoreV1.Service.self) }
        #expect(runs == 3)
        try folder.write(
            Self.answer(#""token":"hush-2","expirationTimestamp":"2099-01-01T00:00:00Z""#),
            to: "answer"
        )
        for _ in 0..<3 { _ = try await client.list(CoreV1.Service.self) }
        #expect(runs == 4)
        await client.shutdown()
    }

    @Test("A certificate is used, and a new one after it has expired")
    func certificate() async throws {
        func write(_ user: String, expires: String) throws {
            let pair = try server.clientCertificate(for: user)
            let status: JSON = [
                "clientCertificateData": .string(pair.certificate), "clientKeyData": .string(pair.key),
                "expirationTimestamp": .string(expires),
            ]
            let answer: JSON = [
                "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status,
            ]
            try folder.write(answer.text, to: "answer")
        }
        try write("one", expires: "2020-01-01T00:00:00Z")
        let client = try client("cat answer")
        _ = try await client.list(CoreV1.Service.self)
        #expect(server.requests.last?.user == "one")
        try write("two", expires: "2099-01-01T00:00:00Z")
        _ = try await client.list(CoreV1.Service.self)
        #expect(server.requests.last?.user == "two")
        await client.shutdown()
    }

    @Test(
        "A program that fails is named with the reason, and not with what it printed",
        arguments: [
            ("echo hush-1; echo 'log in first' >&2; exit 3", "it ended with status 3: log in first"),
            ("echo hush-1", "what it printed is not an ExecCredential"),
            ("", "what it printed is not an ExecCredential"),
            (#"echo '{"token":"hush-1"}'"#, "what it printed is not an ExecCredential"),
            (
                #"echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential"}'"#,
                "it printed no status"
            ),
            ("echo '\(answer(""))'", "it printed neither a token nor a certificate"),
            ("echo '\(answer(#""token":"hush 1""#))'", "it printed what is not a token"),
            ("echo '\(answer(#""clientKeyData":"hush""#))'", "it printed only one of clientCertificateData and"),
            (
                "echo '\(answer(#""token":"hush","expirationTimestamp":"soon""#))'",
                "it printed what is not an expirationTimestamp"
            ),
            (
                "echo '\(answer(#""clientCertificateData":"hush","clientKeyData":"hush""#))'",
                "the program's certificate: has no certificate in PEM"
            ),
            ("kill -9 $$", "signal 9 ended it"),
            ("yes hush-1", "it printed more than 1 MiB"),
            ("sleep 60", "it did not end within 0.2 seconds"),
        ]
    )
    func failures(script: String, words: String) async throws {
        let client = try client(script, timeLimit: script.hasPrefix("sleep") ? .milliseconds(200) : .seconds(30))
        let error = await #expect(throws: APIError.self) { try await client.list(CoreV1.Service.self) }
        #expect(error?.code == .credentials)
        #expect(error?.message.contains(words) == true, "\(error as Any)")
        #expect(error?.message.contains("hush") == false)
        #expect(server.requests.isEmpty)
        // It is run again by the next request.
        _ = try? await client.list(CoreV1.Service.self)
        #expect(runs == 2)
        await client.shutdown()
    }

    @Test("A program that doesn't exist is named, with the hint for its installation")
    func missing() async throws {
        var configuration = try ClientConfiguration(server)
        configuration.authenticator = .exec(
            ExecPlugin(command: "/no/such/program", installHint: "install it with apt")
        )
        let client = APIClient(configuration, userAgent: "tests", logger: .silent)
        let error = await #expect(throws: APIError.self) { try await client.list(CoreV1.Service.self) }
        #expect(
            error?.message
                == "can't list services: can't get credentials from /no/such/program: it can't be started: "
                + "No such file or directory; install it with apt"
        )
        await client.shutdown()
    }
}
