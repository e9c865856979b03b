internal import Foundation

/// The program `kubectl`, with a kubeconfig for a server.
public struct Kubectl: Sendable {
    /// Whether it is installed; Debian's package is `kubernetes-client`.
    public static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: path) }

    private static let path = "/usr/bin/kubectl"
    private let folder: URL

    /// Writes the kubeconfig.
    ///
    /// - Parameters:
    ///   - server: The server.
    ///   - credentials: Whose they are; by default those of an administrator.
    /// - Throws: An error if the files can't be written.
    public init(
        _ server: KubernetesTestServer,
        credentials: KubernetesTestServer.Credentials = .token("admin-token")
    ) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "kubectl-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try server.writeKubeconfig(to: folder.appending(path: "config"), credentials: credentials)
    }

    /// Removes the kubeconfig and what has been printed. What remains of a failure is in the folder for temporary files.
    public func removeFiles() { try? FileManager.default.removeItem(at: folder) }

    /// Runs the program to its end.
    ///
    /// - Parameters:
    ///   - arguments: The arguments.
    ///   - input: What it reads from its standard input.
    /// - Returns: What it wrote, errors included.
    /// - Throws: An error if it can't be started, or if the task is cancelled.
    public func run(_ arguments: String..., input: String = "") async throws -> String {
        try await run(arguments, input: input)
    }

    /// Runs the program to its end.
    ///
    /// - Parameters:
    ///   - arguments: The arguments.
    ///   - input: What it reads from its standard input.
    /// - Returns: What it wrote, errors included.
    /// - Throws: An error if it can't be started, or if the task is cancelled.
    public func run(_ arguments: [String], input: String = "") async throws -> String {
        let running = try start(arguments, input: input)
        // The wait must not hold up the tasks of other tests.
        while running.process.isRunning { try await Task.sleep(for: .milliseconds(5)) }
        return running.text
    }

    /// Starts the program.
    ///
    /// - Parameter arguments: The arguments.
    /// - Returns: The program.
    /// - Throws: An error if it can't be started.
    public func start(_ arguments: String...) throws -> Running { try start(arguments) }

    private func start(_ arguments: [String], input: String = "") throws -> Running {
        let (output, inputFile) = (folder.appending(path: UUID().uuidString), folder.appending(path: "input"))
        try Data().write(to: output)
        try Data(input.utf8).write(to: inputFile)
        let process = Process()
        process.executableURL = URL(filePath: Self.path)
        process.arguments =
            [
                "--kubeconfig", folder.appending(path: "config").path, "--cache-dir",
                folder.appending(path: "cache").path,
            ]
            + arguments
        process.standardInput = try FileHandle(forReadingFrom: inputFile)
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = process.standardOutput
        try process.run()
        return Running(process: process, output: output)
    }

    /// The program while it runs.
    public struct Running: Sendable {
        fileprivate let process: Process
        fileprivate let output: URL

        /// What it has written so far; nothing once the files are removed.
        public var text: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }

        /// Ends it.
        public func end() {
            process.terminate()
            process.waitUntilExit()
        }
    }
}
