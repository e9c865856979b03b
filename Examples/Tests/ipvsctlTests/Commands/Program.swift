import Foundation
import IPVSTestKernel
import Testing

/// The built program.
enum Program {
    /// The result of a run.
    struct Result {
        let status: Int32
        let output: String
        let errors: String

        /// The status and both outputs, for a test that failed.
        var all: String { "status \(status)\n\(output)\(errors)" }
    }

    /// The program that IPVSCTL names, such as a release build, which starts twice as fast in an emulated machine; by
    /// default, the program built together with the tests.
    static let path = ProcessInfo.processInfo.environment["IPVSCTL"] ?? besideTests

    private static let besideTests = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "ipvsctl").path

    /// Whether `strace` can slow the program down or kill it. Without it, running it fails.
    static var hasStrace: Bool { (try? TestProcess.run(["strace", "--version"]).status) == 0 }

    /// Starts the program; its output can be read from the pipes.
    static func start(
        _ arguments: [String],
        environment: [String: String] = [:],
        output: Pipe = Pipe(),
        errors: Pipe = Pipe()
    ) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        return process
    }

    /// Runs the program to its end, with a text on standard input if there is one.
    static func run(_ arguments: String..., input: String? = nil) throws -> Result { try run(arguments, input: input) }

    static func run(_ arguments: [String], input: String? = nil) throws -> Result {
        let file = try TemporaryFile(input ?? "")
        let result = try TestProcess.run([path] + arguments, input: file.path)
        return Result(status: result.status, output: result.stdout, errors: result.stderr)
    }
}
