import Foundation

/// Programs that tests run.
public enum TestProcess {
    /// How a program ended, and what it wrote.
    public struct Result {
        /// The exit status, or the number of the signal that ended the program.
        public let status: Int32

        /// What it wrote to standard output.
        public let stdout: String

        /// What it wrote to standard error.
        public let stderr: String
    }

    /// Runs a program to its end, with the file at the path `input` as its standard input, if given.
    public static func run(_ command: [any StringProtocol], input: String? = nil) throws -> Result {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command.map { String($0) }
        var environment = ProcessInfo.processInfo.environment
        environment["PATH"] = (environment["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin:/sbin"
        process.environment = environment
        if let input { process.standardInput = try FileHandle(forReadingFrom: URL(filePath: input)) }
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // Error output is short, so that it fits into the pipe while the output is read.
        let stdout = output.fileHandleForReading.readDataToEndOfFile()
        let stderr = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus,
            stdout: String(decoding: stdout, as: UTF8.self),
            stderr: String(decoding: stderr, as: UTF8.self)
        )
    }
}

/// An error of the tests themselves, such as a command that failed.
public struct TestFailure: Error, CustomStringConvertible {
    /// What went wrong.
    public let description: String

    /// Creates an error with a description.
    public init(_ description: String) { self.description = description }
}
