import Foundation
import Glibc
import IPVSTestKernel
import KubernetesTestServer
import NIOPosix

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
        try ChangingCluster.load(into: server)
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
        try process.runWithAllSignals()
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
