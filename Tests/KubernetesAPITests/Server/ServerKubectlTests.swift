import Foundation
import KubernetesTestServer
import Testing

@Suite(
    "kubectl with the scripted server",
    .enabled(if: Kubectl.isInstalled, "needs kubectl (package kubernetes-client)")
)
struct ServerKubectlTests {
    @Test(
        "kubectl applies, gets, edits, watches and deletes objects",
        arguments: [
            KubernetesTestServer.Credentials.token("admin-token"), .certificate,
        ]
    )
    func objects(credentials: KubernetesTestServer.Credentials) async throws {
        let server = try await KubernetesTestServer()
        let kubectl = try Kubectl(server, credentials: credentials)
        defer { kubectl.removeFiles() }
        let manifest = """
            apiVersion: v1
            kind: Service
            metadata: {name: web, labels: {app: web}}
            spec: {clusterIP: 10.96.0.10, ports: [{port: 80}]}
            """
        #expect(
            try await kubectl.run("apply", "--validate=false", "-f", "-", input: manifest) == "service/web created\n"
        )
        #expect(try await kubectl.run("get", "services", "-A", "-o", "name") == "service/web\n")
        #expect(try await kubectl.run("get", "svc").contains("web"))
        #expect(try await kubectl.run("get", "svc", "web", "-o", "yaml").contains("clusterIP: 10.96.0.10"))
        #expect(try await kubectl.run("describe", "service", "web").contains("10.96.0.10"))
        let edited = manifest.replacingOccurrences(of: "app: web", with: "app: shop")
        #expect(
            try await kubectl.run("apply", "--validate=false", "-f", "-", input: edited) == "service/web configured\n"
        )
        #expect(server.objects(of: .services).first?["metadata"]?["labels"] == ["app": "shop"])
        let watch = try kubectl.start("get", "services", "-w", "-o", "name")
        try await server.waitForWatches(of: .services)
        try server.applyService("second")
        try await server.wait(for: "kubectl's event") { _ in watch.text == "service/web\nservice/second\n" }
        watch.end()
        #expect(try await kubectl.run("delete", "service", "web") == "service \"web\" deleted\n")
        #expect(server.objects(of: .services).count == 1)
    }

    @Test("kubectl reads thousands of objects in pages")
    func pages() async throws {
        let server = try await KubernetesTestServer()
        try server.load((0..<1_200).map { SampleObjects.endpointSlice($0, endpoints: 5) })
        let kubectl = try Kubectl(server)
        defer { kubectl.removeFiles() }
        let names = try await kubectl.run("get", "endpointslices", "-A", "-o", "name").split(separator: "\n")
        #expect(names.count == 1_200)
        #expect(server.requests(.list(.endpointSlices)).count == 3)
    }
}
