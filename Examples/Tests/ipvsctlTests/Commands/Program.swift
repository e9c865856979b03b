import Foundation
import Testing

/// The program as it was built beside the tests.
enum Program {
    /// What became of a run.
    struct Result {
        let status: Int32
        let output: String
        let errors: String

        /// The status and both outputs, for a test that failed.
        var all: String { "status \(status)\n\(output)\(errors)" }
    }

    static let path: String = {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(filePath: tests).deletingLastPathComponent().appending(path: "ipvsctl").path
    }()

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
        let (output, errors) = (Pipe(), Pipe())
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        let file = try input.map { try TemporaryFile($0) }
        process.standardInput = try file.map { try FileHandle(forReadingFrom: URL(filePath: $0.path)) } ?? .nullDevice
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // What is told of errors is short, so that it fits into the pipe while the output is read.
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let sentences = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus,
            output: String(decoding: text, as: UTF8.self),
            errors: String(decoding: sentences, as: UTF8.self)
        )
    }
}
