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
    func change(_ service: Int, generation: Int) throws { try send("change \(service) \(generation)") }

    /// Changes the slices of all services but the last in turn, as fast as possible, and then deletes the last one.
    func flood(_ changes: Int) throws { try send("flood \(changes)") }

    private func send(_ command: String) throws {
        try commands.fileHandleForWriting.write(contentsOf: Data("\(command)\n".utf8))
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
            let words = line.split(separator: " ")
            let numbers = words.dropFirst().compactMap { Int($0) }
            switch (words.first, numbers.count) {
            case ("change", 2):
                let (service, generation) = (numbers[0], numbers[1])
                try server.apply(
                    SampleObjects.endpointSlice(service, endpoints: options.endpoints, generation: generation)
                )
            case ("flood", 1): try flood(server, options, changes: numbers[0])
            default: throw Problem("not a command: \(line)")
            }
        }
    }

    private static func flood(_ server: KubernetesTestServer, _ options: Options, changes: Int) throws {
        let last = SampleObjects.endpointSlice(options.services - 1, endpoints: options.endpoints)
        let services = min(options.services - 1, 1000)
        let states = (1...3).flatMap { generation in
            (0..<services).map { service in
                SampleObjects.endpointSlice(service, endpoints: options.endpoints, generation: generation)
            }
        }
        try server.update(with: states, times: changes)
        guard let name = last["metadata"]?["name"]?.string, server.delete(.endpointSlices, name) else {
            throw Problem("there is no last slice")
        }
    }
}
