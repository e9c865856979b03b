import Foundation
import Glibc
import IPVS
import IPVSTestKernel
import Synchronization
import Testing

/// The program.
enum Program {
    /// The program that IPVS_PROXY names, such as an installed one; by default, the one built together with the tests.
    static let path = ProcessInfo.processInfo.environment["IPVS_PROXY"] ?? besideTests

    private static let besideTests = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent()
        .appending(path: "ipvs-proxy").path

    /// The packet rules that the program can have here.
    static let rules = Kernel.translatesAddresses ? "nftables" : "none"

    /// Runs the program to its end.
    static func run(_ arguments: String...) throws -> TestProcess.Result { try TestProcess.run([path] + arguments) }
}

extension Trait where Self == ConditionTrait {
    /// Skips a test or a suite where the program can't have its packet rules, as in User Mode Linux.
    static var needsPacketRules: Self {
        .enabled(if: Kernel.translatesAddresses, "this kernel can't translate addresses with nftables")
    }
}

/// The program while it follows manifests or an API server. It is killed at the end if it is still running.
final class RunningProgram {
    let health: Endpoint
    let metrics: Endpoint
    private let process = Process()
    private let errors = Pipe()
    private let told = Told()

    /// Its standard error so far.
    private final class Told: Sendable {
        let text = Mutex("")
    }

    convenience init(_ manifests: String, in namespace: TestNamespace, _ options: String...) throws {
        try self.init(manifests, in: namespace, options)
    }

    /// Starts the program with manifests, or with what the options say if there are none.
    init(_ manifests: String?, in namespace: TestNamespace, _ options: [String]) throws {
        health = try Page.freeEndpoint(IPAddress(127, 0, 0, 1))
        metrics = try Page.freeEndpoint(IPAddress(127, 0, 0, 1))
        process.executableURL = URL(filePath: Program.path)
        process.arguments =
            [manifests].compactMap(\.self) + ["--netns", namespace.path, "--min-sync-period", "10ms"]
            + ["--healthz-address", "\(health)", "--metrics-address", "\(metrics)"] + options
        process.standardError = errors
        errors.fileHandleForReading.readabilityHandler = { [told] handle in
            let text = String(decoding: handle.availableData, as: UTF8.self)
            if text.isEmpty { handle.readabilityHandler = nil }
            told.text.withLock { $0 += text }
        }
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    var log: String { told.text.withLock { $0 } }

    /// Closes the reading end of the pipe that the program writes its log to.
    func closeLog() throws {
        errors.fileHandleForReading.readabilityHandler = nil
        try errors.fileHandleForReading.close()
    }

    var number: Int32 { process.processIdentifier }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    var processIdentifier: Int32 { process.processIdentifier }

    /// Waits for its end, and returns its exit status.
    func end() -> Int32 {
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }
}
