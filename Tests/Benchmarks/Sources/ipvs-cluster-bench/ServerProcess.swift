import Foundation
import KubernetesTestServer

/// The API server, in a process of its own, so that its work and its memory are not this one's.
final class ServerProcess {
    private let process = Process()
    private let commands = Pipe()
    private let answers = Pipe()

    /// The path of a kubeconfig for it.
    let kubeconfig: String

    /// Starts the server, and waits until it has all objects.
    init(_ options: Options) throws {
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["serve", "--services", "\(options.services)", "--endpoints", "\(options.endpoints)"]
        process.standardInput = commands
        process.standardOutput = answers
        try process.run()
        var line = Data()
        while line.last != UInt8(ascii: "\n") {
            guard let byte = try answers.fileHandleForReading.read(upToCount: 1), !byte.isEmpty else {
                throw Problem("the server has ended")
            }
            line += byte
        }
        kubeconfig = String(decoding: line.dropLast(), as: UTF8.self)
    }

    /// Gives the slice of a service other endpoints.
    func change(_ service: Int, generation: Int) throws {
        try commands.fileHandleForWriting.write(contentsOf: Data("\(service) \(generation)\n".utf8))
    }

    /// Ends the server.
    func end() throws {
        try commands.fileHandleForWriting.close()
        process.waitUntilExit()
        try FileManager.default.removeItem(atPath: kubeconfig)
    }

    /// The server's side: serves until the commands end.
    static func serve(_ options: Options) async throws {
        let server = try await KubernetesTestServer()
        try server.load(options.objects)
        let file = FileManager.default.temporaryDirectory.appending(path: "ipvs-cluster-bench-\(UUID())")
        try server.writeKubeconfig(to: file)
        Main.print(file.path)
        while let line = readLine() {
            let numbers = line.split(separator: " ").compactMap { Int($0) }
            guard numbers.count == 2 else { throw Problem("not a command: \(line)") }
            try server.apply(
                SampleObjects.endpointSlice(numbers[0], endpoints: options.endpoints, generation: numbers[1])
            )
        }
    }
}
