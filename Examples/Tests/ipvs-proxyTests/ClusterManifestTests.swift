import Foundation
import IPVSTestKernel
import KubernetesTestServer
import Testing

/// The manifests in `Packaging/kubernetes` by which a cluster runs the program.
@Suite(.enabled(if: Kubectl.isInstalled, "needs kubectl (package kubernetes-client)"))
struct ClusterManifests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Packaging/kubernetes").standardizedFileURL

    @Test(arguments: ["base", "overlays/kubeadm", "overlays/kubeadm-by-node"])
    func kubectlTakesThem(name: String) async throws {
        let server = try await KubernetesTestServer()
        let kubectl = try Kubectl(server)
        defer { kubectl.removeFiles() }
        let objects =
            (name == "base" ? ["configmap/ipvs-proxy"] : []) + [
                "serviceaccount/ipvs-proxy", "clusterrolebinding.rbac.authorization.k8s.io/ipvs-proxy",
                "daemonset.apps/ipvs-proxy",
            ]
        let apply = ["apply", "--kustomize", Self.folder.appending(path: name).path, "--validate=false"]
        func lines(_ arguments: [String]) async throws -> Set<String> {
            let text = try await kubectl.run(arguments)
            // Newer versions advise to use newer forms of fields, which older ones don't know.
            return Set(text.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("# Warning: ") })
        }
        #expect(try await lines(apply + ["--dry-run=client"]) == Set(objects.map { "\($0) created (dry run)" }))
        #expect(server.objects(of: .daemonSets).isEmpty)
        #expect(try await lines(apply) == Set(objects.map { "\($0) created" }))
        #expect(try await lines(apply) == Set(objects.map { "\($0) unchanged" }))
        let binding = try #require(server.objects(of: .clusterRoleBindings).first)
        #expect(binding["roleRef"]?["name"] == "system:node-proxier")
        let pod = server.objects(of: .daemonSets).first?["spec"]?["template"]?["spec"]
        #expect(pod?["serviceAccountName"] == "ipvs-proxy" && pod?["hostNetwork"] == true)
        let limits = pod?["containers"]?[0]?["securityContext"]
        #expect(limits?["capabilities"] == ["drop": ["ALL"], "add": ["NET_ADMIN"]])
        #expect(limits?["readOnlyRootFilesystem"] == true)
    }

    /// The files of the base's ConfigMap.
    @Test func theirConfigurationIsRead() async throws {
        let server = try await KubernetesTestServer()
        let kubectl = try Kubectl(server)
        defer { kubectl.removeFiles() }
        let configMap = Self.folder.appending(path: "base/configmap.yaml").path
        _ = try await kubectl.run("create", "--validate=false", "--filename", configMap)
        let files = try #require(server.objects(of: .configMaps).first?["data"]?.object)
        let folder = try Folder()
        let file = try folder.write("config.conf", try #require(files["config.conf"]?.string))
        let written = try Program.run("--config=\(file)", "--write-config-to=/dev/stdout")
        #expect(written.stderr == "" && written.stdout.contains("\nclusterCIDR: 10.244.0.0/16\n"))
    }
}
