import Foundation
import Glibc
import IPVSTestKernel
import KubernetesTestServer
import Synchronization

/// Does for the DaemonSets of a cluster what their controller and the node's kubelet do: runs their programs on this machine,
/// says so in their status, and has a pod for each that runs.
final class Kubelet: Sendable {
    private let server: KubernetesTestServer
    private let namespace: TestNamespace
    private let path: String
    private let isOver = Mutex(false)
    private let pods = Mutex<[String: Running]>([:])

    private struct Running {
        let template: JSON
        let pod: String
        let log: String
        var process: Process
    }

    init(_ server: KubernetesTestServer, _ namespace: TestNamespace, programs path: String) {
        (self.server, self.namespace, self.path) = (server, namespace, path)
        Thread.detachNewThread { [self] in
            while !isOver.withLock(\.self) {
                do { try pods.withLock { try reconcile(&$0) } } catch { print("the kubelet: \(error)") }
                // Each look takes a while in an emulated machine, which has other work.
                usleep(1_000_000)
            }
        }
    }

    /// Ends all programs.
    func end() {
        isOver.withLock { $0 = true }
        pods.withLock { pods in for name in pods.keys { stop(name, &pods) } }
    }

    private func reconcile(_ pods: inout [String: Running]) throws {
        guard let node = server.objects(of: .nodes).first else { return }
        let sets = server.objects(of: .daemonSets)
        for name in pods.keys where !sets.contains(where: { $0["metadata"]?["name"]?.string == name }) {
            stop(name, &pods)
        }
        for set in sets {
            guard let name = set["metadata"]?["name"]?.string, let template = set["spec"]?["template"] else { continue }
            let isWanted = Self.selects(node, template)
            if let running = pods[name], !isWanted || running.template != template { stop(name, &pods) }
            if isWanted, pods[name]?.process.isRunning != true {
                stop(name, &pods)
                pods[name] = try start(name, template)
            }
            let isReady = pods[name] != nil && isReady(template)
            if let running = pods[name] {
                server.setLog(try String(contentsOfFile: running.log, encoding: .utf8), ofPod: running.pod)
                try say(isReady, of: running.pod)
            }
            let (wanted, ready) = (isWanted ? 1 : 0, isReady ? 1 : 0)
            let status: JSON = [
                "desiredNumberScheduled": .integer(wanted), "currentNumberScheduled": .integer(wanted),
                "updatedNumberScheduled": .integer(wanted), "numberReady": .integer(ready),
                "numberAvailable": .integer(ready), "observedGeneration": 0,
            ]
            if set["status"] != status {
                try server.edit(.daemonSets, name, namespace: "kube-system") { $0["status"] = status }
            }
        }
    }

    /// Sets a pod's condition `Ready`, if it is another one.
    private func say(_ isReady: Bool, of pod: String) throws {
        let conditions: JSON = [["type": "Ready", "status": isReady ? "True" : "False"]]
        let object = server.objects(of: .pods).first { $0["metadata"]?["name"]?.string == pod }
        guard object?["status"]?["conditions"] != conditions else { return }
        try server.edit(.pods, pod, namespace: "kube-system") { $0["status"]?["conditions"] = conditions }
    }

    /// Whether a node's labels are those that a pod asks for.
    private static func selects(_ node: JSON, _ template: JSON) -> Bool {
        let labels = node["metadata"]?["labels"]?.object ?? [:]
        let affinity = template["spec"]?["affinity"]?["nodeAffinity"]
        let terms = affinity?["requiredDuringSchedulingIgnoredDuringExecution"]?["nodeSelectorTerms"]?[0]
        return (template["spec"]?["nodeSelector"]?.object ?? [:]).allSatisfy { labels[$0.key] == $0.value }
            && (terms?["matchExpressions"]?.array ?? []).allSatisfy { term in
                term["operator"] == "DoesNotExist" && labels[term["key"]?.string ?? ""] == nil
            }
    }

    private func start(_ name: String, _ template: JSON) throws -> Running {
        let pod = "\(name)-\(String(UUID().uuidString.prefix(5)).lowercased())"
        try mountVolumes(template)
        for container in template["spec"]?["initContainers"]?.array ?? [] {
            let log = "/tmp/\(pod)-init.log"
            let process = try run(container, log: log)
            process.waitUntilExit()
            guard process.terminationStatus == 0 else {
                throw TestFailure("\(name)'s init container: \(try String(contentsOfFile: log, encoding: .utf8))")
            }
        }
        guard let container = template["spec"]?["containers"]?[0] else { throw TestFailure("no container in \(name)") }
        let log = "/tmp/\(pod).log"
        let process = try run(container, log: log)
        var spec = template["spec"] ?? [:]
        spec["nodeName"] = "node-1"
        try server.apply([
            "apiVersion": "v1", "kind": "Pod",
            "metadata": [
                "name": .string(pod), "namespace": "kube-system", "labels": template["metadata"]?["labels"] ?? [:],
            ],
            "spec": spec, "status": ["phase": "Running"],
        ])
        return Running(template: template, pod: pod, log: log, process: process)
    }

    /// Writes the files of ConfigMaps, and those of the service account.
    private func mountVolumes(_ template: JSON) throws {
        let names = (template["spec"]?["volumes"]?.array ?? []).compactMap { $0["configMap"]?["name"]?.string }
        let maps = server.objects(of: .configMaps).filter { names.contains($0["metadata"]?["name"]?.string ?? "") }
        var files = [
            "/var/run/secrets/kubernetes.io/serviceaccount/token": "admin-token",
            "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt": try server.caPEM,
        ]
        for (name, text) in maps.flatMap({ $0["data"]?.object ?? [:] }) {
            files["/var/lib/kube-proxy/\(name)"] = text.string
        }
        for (path, text) in files {
            let file = URL(filePath: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
    }

    /// Starts what a container runs: its command, or the entry point of this repository's image.
    private func run(_ container: JSON, log: String) throws -> Process {
        let entry = container["command"]?[0]?.string.map { URL(filePath: $0).lastPathComponent } ?? "ipvs-proxy"
        let arguments = (container["args"]?.array ?? []).compactMap(\.string)
        try Data().write(to: URL(filePath: log))
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/nsenter")
        process.arguments =
            ["--net=\(namespace.path)", entry == "ipvs-proxy" ? Program.path : entry]
            + arguments.map { $0.replacing("$(NODE_NAME)", with: "node-1") }
        process.environment = ["PATH": path]
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: log))
        process.standardError = process.standardOutput
        process.standardInput = FileHandle.nullDevice
        try process.runWithAllSignals()
        return process
    }

    private func stop(_ name: String, _ pods: inout [String: Running]) {
        guard let running = pods.removeValue(forKey: name) else { return }
        let deadline = ContinuousClock.now + .seconds(30)
        if running.process.isRunning { kill(running.process.processIdentifier, SIGTERM) }
        while running.process.isRunning {
            if ContinuousClock.now > deadline { kill(running.process.processIdentifier, SIGKILL) }
            usleep(50_000)
        }
        server.delete(.pods, running.pod, namespace: "kube-system")
    }

    private func isReady(_ template: JSON) -> Bool {
        guard let probe = template["spec"]?["containers"]?[0]?["readinessProbe"]?["httpGet"],
            let port = probe["port"]?.integer, let path = probe["path"]?.string
        else { return true }
        // Any failure means that it is not ready.
        return (try? namespace.run("curl", "--silent", "--fail", "http://127.0.0.1:\(port)\(path)")) != nil
    }
}

extension Process {
    /// Starts a process that gets all signals. One that a thread of Swift's pool starts inherits that most are blocked.
    func runWithAllSignals() throws {
        var (all, before) = (sigset_t(), sigset_t())
        sigfillset(&all)
        pthread_sigmask(SIG_UNBLOCK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try run()
    }
}
