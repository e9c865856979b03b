import Testing

@testable import KubernetesAPI

@Suite("Proxies that environment variables name")
struct ProxyEnvironmentTests {
    private static func proxy(_ environment: [String: String], _ server: String = "https://10.1.2.3:6443") throws
        -> String?
    {
        try ProxyURL.environment(environment, for: ServerURL(server)).map { "\($0)" }
    }

    @Test("The variable of the server's scheme counts, in upper case first")
    func variables() throws {
        #expect(try Self.proxy([:]) == nil)
        #expect(try Self.proxy(["HTTPS_PROXY": ""]) == nil)
        #expect(try Self.proxy(["HTTPS_PROXY": "http://a:1", "https_proxy": "http://b:2"]) == "http://a:1")
        #expect(try Self.proxy(["https_proxy": "b:2", "HTTP_PROXY": "c:3"]) == "http://b:2")
        #expect(
            try Self.proxy(["HTTPS_PROXY": "a:1", "HTTP_PROXY": "socks5://c"], "http://10.1.2.3") == "socks5://c:1080"
        )
        let error = #expect(throws: ClientConfigurationError.self) {
            try Self.proxy(["https_proxy": "https://u:hush@a"])
        }
        #expect(
            error?.message
                == "the environment variable https_proxy: a proxy that is itself reached by TLS is not supported; "
                + "use http or socks5"
        )
    }

    @Test(
        "Exceptions are reached without a proxy",
        arguments: [
            ("https://10.1.2.3", "*", true), ("https://10.1.2.3", "10.1.2.3", true),
            ("https://10.1.2.3", "10.1.2.4", false),
            ("https://10.1.2.3", "a, 10.0.0.0/8", true), ("https://10.1.2.3", "10.0.0.0/16", false),
            ("https://10.1.2.3", "10.1.2.3:443", true), ("https://10.1.2.3:6443", "10.1.2.3:443", false),
            ("https://[fd00::1]", "fd00::/64", true), ("https://[fd00::1]", "fd00:0::1", true),
            ("https://[fd00::1]", "[fd00::1]:443", true), ("https://[fd00::1]", "[fd00::1]:1", false),
            ("https://a.example", "example", true), ("https://a.example", ".Example", true),
            ("https://a.example", "*.example", true), ("https://example", ".example", false),
            ("https://EXAMPLE", "example:443", true), ("https://anexample", "example", false),
            ("https://a.example", "0.0.0.0/0", false), ("https://10.1.2.3", "10.0.0.0/x", false),
            ("https://10.1.2.3", "10.0.0.0/33", false), ("https://127.8.0.1", "", true),
            ("https://localhost", "", true),
            ("https://[::1]", "", true), ("https://10.1.2.3", " , ,", false),
        ]
    )
    func exceptions(server: String, exceptions: String, isException: Bool) throws {
        let proxy = try Self.proxy(["HTTPS_PROXY": "p:1", "NO_PROXY": exceptions], server)
        #expect(proxy == (isException ? nil : "http://p:1"))
    }

    @Test("A kubeconfig's proxy-url counts more, and a pod has its variables")
    func configurations() throws {
        let folder = try TestFolder()
        func kubeconfig(_ cluster: String) throws -> ClientConfiguration {
            let text = """
                current-context: a
                contexts: [{name: a, context: {cluster: c, user: u}}]
                clusters: [{name: c, cluster: {server: https://10.0.0.1, \(cluster)}}]
                users: [{name: u, user: {token: t}}]
                """
            return try Kubeconfig(path: folder.write(text, to: "config"))
                .configuration(environment: ["HTTPS_PROXY": "http://me:hush@p:1"])
        }
        #expect(try kubeconfig("proxy-url: socks5://q:2").proxy?.description == "socks5://q:2")
        let proxy = try #require(kubeconfig("insecure-skip-tls-verify: true").proxy)
        #expect(proxy.description == "http://p:1")
        #expect(proxy.password == Secret("hush"))
        try folder.write("t", to: "token")
        try folder.write("c", to: "ca.crt")
        let environment = [
            "KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443", "https_proxy": "p:1",
            "NO_PROXY": "",
        ]
        #expect(try ClientConfiguration.inCluster(environment: environment, directory: folder.path).proxy?.port == 1)
    }
}
