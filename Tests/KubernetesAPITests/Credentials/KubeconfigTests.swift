import Foundation
import Testing

@testable import KubernetesAPI

@Suite("Kubeconfig")
struct KubeconfigTests {
    private func configuration(user: String, cluster: String = "server: https://10.0.0.1:6443") throws
        -> ClientConfiguration
    {
        let path = NSTemporaryDirectory() + "kubeconfig-\(UUID().uuidString)"
        let text = """
            current-context: a
            contexts: [{name: a, context: {cluster: c, user: u}}]
            clusters: [{name: c, cluster: {\(cluster)}}]
            users: [{name: u, user: {\(user)}}]
            """
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try Kubeconfig(path: path).configuration()
    }

    @Test("Aliases that stand for a million values are an error, as are values that are nested too deeply")
    func aliases() throws {
        var bomb = "a0: &a0 [\(Array(repeating: "x", count: 9).joined(separator: ", "))]"
        for level in 1...7 {
            let names = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            bomb += ", a\(level): &a\(level) [\(names)]"
        }
        let nested = "a: \(String(repeating: "[", count: 200))\(String(repeating: "]", count: 200))"
        for user in [bomb, nested] {
            let error = #expect(throws: ClientConfigurationError.self) { try configuration(user: user) }
            #expect(error?.message.contains("aliases count as what they stand for") == true, "\(user)")
        }
    }

    @Test("A host has no characters that a host name can't have", arguments: ["a%0d%0aX", "a%2Fb", "a%40b", "a%20b"])
    func hosts(host: String) throws {
        for cluster in ["server: 'https://\(host):1'", "server: 'https://a:1', proxy-url: 'http://\(host):1'"] {
            #expect(throws: ClientConfigurationError.self) { try configuration(user: "token: t", cluster: cluster) }
        }
    }

    @Test("A message shows the control characters of a key as escapes")
    func keys() throws {
        let error = #expect(throws: ClientConfigurationError.self) {
            try configuration(user: #"as: x, as-user-extra: {"\e[31m\n": 1}"#)
        }
        #expect(error?.message.unicodeScalars.contains { $0.value < 32 } == false)
    }

    @Test("A token is taken, and appears neither in a description nor in a dump")
    func token() throws {
        let configuration = try configuration(user: "token: hush-hush")
        #expect(configuration.authenticator == .token(Secret("hush-hush")))
        var text = "\(configuration)"
        dump(configuration, to: &text)
        #expect(!text.contains("hush-hush"))
    }

    @Test(
        "What is wrong is named with its line and field, without the value",
        arguments: [
            ("token: 12345", ":4: users[0].user.token: must be a string"),
            ("token: t, username: n", "has both a token and a username or password"),
            ("auth-provider: {name: gcp}", "users[0].user.auth-provider: is no longer supported"),
            ("exec: {command: x, apiVersion: client.authentication.k8s.io/v1}", "has no interactiveMode"),
            ("client-certificate-data: '!'", "client-certificate-data: must be in base64"),
            ("as-groups: [g]", "without as"),
        ]
    )
    func wrongUser(user: String, expected: String) throws {
        let error = try #require(throws: ClientConfigurationError.self) { try configuration(user: user) }
        #expect(error.message.contains(expected), "\(error.message)")
        #expect(!error.message.contains("12345"))
    }

    @Test("A plug-in's token is taken, and what it writes to its standard error is in the error if it fails")
    func plugin() throws {
        let answer = """
            {"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"hush"}}
            """
        let good = ExecPlugin(command: "/bin/sh", arguments: [Secret("-c"), Secret("echo '\(answer)'")])
        #expect(try good.run(inherited: [:]).token == Secret("hush"))
        let bad = ExecPlugin(
            command: "/bin/sh",
            arguments: [Secret("-c"), Secret("echo hush; echo no login >&2; exit 3")]
        )
        let error = try #require(throws: ClientConfigurationError.self) { try bad.run(inherited: [:]) }
        #expect(error.message == "can't get credentials from /bin/sh: it ended with status 3: no login")
    }
}
