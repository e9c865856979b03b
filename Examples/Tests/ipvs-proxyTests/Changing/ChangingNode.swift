import Foundation
import Glibc
import IPVSTestKernel
import KubernetesTestServer
import NIOPosix
import Synchronization

/// A node with a pod, a client outside, and a terminal for the commands of the page.
///
///     client 192.0.2.9 ── 192.0.2.1 node 10.244.1.1 ── 10.244.1.5:8080 pod
final class ChangingNode {
    let namespace: TestNamespace
    private let client: TestNamespace
    private let pod: TestNamespace
    private let server: EchoServer
    private let folder: Folder
    private let terminal: Terminal

    /// Where the stand-ins for programs are that a node has and a virtual machine doesn't.
    private static let standIns = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../Fixtures/Changing").standardized.path

    private static let repository = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../..").standardized.path

    init() throws {
        (namespace, client, pod, folder) = (try TestNamespace(), try TestNamespace(), try TestNamespace(), try Folder())
        for (name, other, place) in [("eth0", client, "192.0.2"), ("pod", pod, "10.244.1")] {
            let (own, far) = (other === client ? ("192.0.2.1", "192.0.2.9") : ("10.244.1.1", "10.244.1.5"))
            try namespace.run("ip", "link", "add", name, "type", "veth", "peer", "name", "far", "netns", other.path)
            try namespace.run("ip", "address", "add", "\(own)/24", "dev", name)
            try namespace.run("ip", "link", "set", name, "up")
            try other.run("ip", "address", "add", "\(far)/24", "dev", "far")
            try other.run("ip", "link", "set", "far", "up")
            try other.run("ip", "route", "add", "default", "via", "\(place).1")
        }
        server = try EchoServer(pod, at: 0, port: 8080)
        try folder.link("Examples", to: "\(Self.repository)/Examples")
        let programs = try folder.makePrograms(["ipvs-proxy": Program.path, "ipvsctl": Self.ipvsctl])
        terminal = try Terminal(
            in: namespace,
            folder: folder.path,
            environment: [
                "PATH": "\(Self.standIns):/usr/sbin:/usr/bin:/sbin:/bin", "HOME": folder.path, "NO_COLOR": "1",
                "LC_ALL": "C.UTF-8", "KUBECONFIG": "\(folder.path)/kubeconfig", "TEST_PROGRAMS": programs,
                "TEST_REPOSITORY": Self.repository,
            ]
        )
    }

    private static var ipvsctl: String {
        ProcessInfo.processInfo.environment["IPVSCTL"]
            ?? URL(filePath: Program.path).deletingLastPathComponent().appending(path: "ipvsctl").path
    }

    /// A cluster of this node, whose API server listens on the node, as kubeadm leaves it.
    func cluster() async throws -> (KubernetesTestServer, Kubelet) {
        let descriptor = namespace.descriptor
        // Its thread stays in the network namespace in which it was made.
        let thread = try onThread {
            guard enterNamespace(descriptor) == 0 else { throw TestFailure("setns") }
            return MultiThreadedEventLoopGroup(numberOfThreads: 1)
        }
        let server = try await KubernetesTestServer(thread: thread)
        try server.writeKubeconfig(to: URL(filePath: folder["kubeconfig"]))
        try Samples.load(into: server)
        return (server, Kubelet(server, namespace, programs: "\(Self.standIns):/usr/sbin:/usr/bin"))
    }

    func write(_ path: String, _ text: String) throws {
        let file = URL(filePath: path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: file, atomically: true, encoding: .utf8)
    }

    func run(_ command: String) throws -> (status: Int32, output: [Substring]) { try terminal.run(command) }

    /// A connection of the client outside.
    func connect(to address: UInt32, port: UInt16) throws -> TestConnection {
        try TestConnection(client, to: address, port: port)
    }
}

extension Folder {
    /// Links to programs under their own names.
    fileprivate func makePrograms(_ paths: [String: String]) throws -> String {
        try makeFolder("programs")
        for (name, path) in paths { try link("programs/\(name)", to: path) }
        return self["programs"]
    }
}

/// A shell that runs commands one after the other.
private final class Terminal {
    private let process = Process()
    private let (input, output) = (Pipe(), Pipe())
    private static let end = "-- the command has ended:"

    init(in namespace: TestNamespace, folder: String, environment: [String: String]) throws {
        process.executableURL = URL(filePath: "/usr/bin/nsenter")
        process.arguments = ["--net=\(namespace.path)", "bash"]
        process.currentDirectoryURL = URL(filePath: folder)
        process.environment = environment
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, output)
        try process.run()
    }

    deinit { kill(process.processIdentifier, SIGKILL) }

    func run(_ command: String) throws -> (status: Int32, output: [Substring]) {
        let text = "{\n\(command)\n} </dev/null\nprintf '\\n\(Self.end) %d\\n' $?\n"
        try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        var bytes = Data()
        while true {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw TestFailure("the shell has ended after \(command)") }
            bytes += more
            let text = String(decoding: bytes, as: UTF8.self)
            guard text.hasSuffix("\n"), let end = text.firstRange(of: "\n\(Self.end) ") else { continue }
            let status = Int32(text[end.upperBound...].dropLast()) ?? -1
            var lines = text[..<end.lowerBound].split(separator: "\n", omittingEmptySubsequences: false)
            while lines.last == "" { lines.removeLast() }
            return (status, lines)
        }
    }
}

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
                do { try pods.withLock { try reconcile(&$0) } } catch { print("kubelet: \(error)") }
                // Each look takes a while in an emulated machine, which has other work.
                usleep(2_000_000)
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
            if let running = pods[name] {
                server.setLog((try? String(contentsOfFile: running.log, encoding: .utf8)) ?? "", ofPod: running.pod)
            }
            let ready = pods[name] != nil && isReady(template) ? 1 : 0
            let wanted = isWanted ? 1 : 0
            let status: JSON = [
                "desiredNumberScheduled": .integer(wanted), "currentNumberScheduled": .integer(wanted),
                "updatedNumberScheduled": .integer(wanted), "numberReady": .integer(ready),
                "numberAvailable": .integer(ready), "observedGeneration": 0,
            ]
            if set["status"] != status {
                try? server.edit(.daemonSets, name, namespace: "kube-system") { $0["status"] = status }
            }
        }
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
                throw TestFailure("init container of \(name): \(try String(contentsOfFile: log, encoding: .utf8))")
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
        try process.run()
        return process
    }

    private func stop(_ name: String, _ pods: inout [String: Running]) {
        guard let running = pods.removeValue(forKey: name) else { return }
        if running.process.isRunning { kill(running.process.processIdentifier, SIGTERM) }
        // A kubelet is as patient.
        let deadline = ContinuousClock.now + .seconds(30)
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
        return (try? namespace.run("curl", "--silent", "--fail", "http://127.0.0.1:\(port)\(path)")) != nil
    }
}

/// What kubeadm and a user have put into the cluster.
private enum Samples {
    static func load(into server: KubernetesTestServer) throws {
        // In a network namespace, the limit of tracked connections can't be changed.
        let configuration = try Sample.fixture("KubeProxy/kubeadm-1.34.yaml")
            .replacing("mode: \"\"", with: "mode: ipvs").replacing("maxPerCore: null", with: "maxPerCore: 0")
        let kubeconfig = """
            apiVersion: v1
            kind: Config
            clusters:
            - name: default
              cluster:
                certificate-authority: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt
                server: \(server.url)
            contexts:
            - name: default
              context: {cluster: default, namespace: default, user: default}
            current-context: default
            users:
            - name: default
              user: {tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token}
            """
        try server.load([
            [
                "apiVersion": "v1", "kind": "Node",
                "metadata": ["name": "node-1", "labels": ["kubernetes.io/os": "linux"]],
            ],
            [
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": ["name": "kube-proxy", "namespace": "kube-system"],
                "data": ["config.conf": .string(configuration), "kubeconfig.conf": .string(kubeconfig)],
            ],
            [
                "apiVersion": "v1", "kind": "Service", "metadata": ["name": "web", "namespace": "default"],
                "spec": [
                    "type": "NodePort", "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"],
                    "ports": [["name": "http", "port": 80, "nodePort": 30080, "protocol": "TCP"]],
                ],
            ],
            [
                "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                "metadata": ["name": "web-1", "labels": ["kubernetes.io/service-name": "web"]],
                "addressType": "IPv4", "ports": [["name": "http", "port": 8080, "protocol": "TCP"]],
                "endpoints": [["addresses": ["10.244.1.5"], "nodeName": "node-1"]],
            ],
            [
                "apiVersion": "apps/v1", "kind": "DaemonSet",
                "metadata": ["name": "kube-proxy", "namespace": "kube-system", "labels": ["k8s-app": "kube-proxy"]],
                "spec": [
                    "selector": ["matchLabels": ["k8s-app": "kube-proxy"]],
                    "updateStrategy": ["type": "RollingUpdate", "rollingUpdate": ["maxUnavailable": 1]],
                    "template": [
                        "metadata": ["labels": ["k8s-app": "kube-proxy"]],
                        "spec": [
                            "containers": [
                                ["name": "kube-proxy", "image": "kube-proxy", "command": ["/usr/local/bin/kube-proxy"]]
                            ],
                            "volumes": [["name": "kube-proxy", "configMap": ["name": "kube-proxy"]]],
                        ],
                    ],
                ],
            ],
        ])
    }
}
