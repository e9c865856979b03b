import Foundation
import Glibc
import IPVS
import Synchronization
import Testing

/// The tests that need a kernel with IPVS and root. They run one after the other: some unload modules, or count.
@Suite(.serialized, .enabled(if: Kernel.hindrance == nil, Kernel.reason))
enum KernelTests {}

/// The kernel that the tests run on.
enum Kernel {
    /// Why kernel tests can't run here; nil if they can.
    static let hindrance: String? = {
        guard geteuid() == 0 else { return "kernel tests need root; Tests/kernel runs a command in a virtual machine" }
        do {
            let handle = try Handle()
            _ = try handle.info()
            return nil
        } catch {
            return "\(error); Tests/kernel runs a command in a virtual machine that has it"
        }
    }()

    static var reason: Comment { Comment(rawValue: hindrance ?? "") }

    /// Set where modules may be unloaded and the machine's settings changed: in a virtual machine of our own.
    static let isDisposable = ProcessInfo.processInfo.environment["IPVS_DISPOSABLE_KERNEL"] == "1"
}

/// A network namespace of a test's own, with `lo` up, that goes away with this object.
final class TestNamespace: Sendable {
    let descriptor: Int32

    init(loopback: Bool = true) throws {
        // A thread leaves for a new namespace, opens it, and ends; no other thread notices.
        descriptor = try onThread {
            guard unshare(networkNamespaceFlag) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EPERM) }
            if loopback { try setLoopbackUp() }
            let descriptor = Glibc.open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .ENOENT) }
            return descriptor
        }
    }

    deinit { Glibc.close(descriptor) }

    var path: String { "/proc/\(getpid())/fd/\(descriptor)" }

    func open() throws(IPVSError) -> Handle { try Handle(namespace: .path(path)) }

    /// Runs a command in the namespace; it must succeed.
    @discardableResult
    func run(_ command: String...) throws -> String {
        let result = try TestProcess.run(["nsenter", "--net=\(path)"] + command)
        guard result.status == 0 else { throw TestFailure("\(command.joined(separator: " ")): \(result.stderr)") }
        return result.stdout
    }

    /// Runs ipvsadm with the words of a line; it must succeed.
    @discardableResult
    func ipvsadm(_ line: String) throws -> String {
        let result = try TestProcess.run(["nsenter", "--net=\(path)", "ipvsadm"] + line.split(separator: " "))
        guard result.status == 0 else { throw TestFailure("ipvsadm \(line): \(result.stderr)") }
        return result.stdout
    }

    /// What ipvsadm would save: the table in its own words, line by line and sorted.
    func saved() throws -> [String] { try ipvsadm("-Sn").split(separator: "\n").map(String.init).sorted() }
}

extension TestNamespace {
    /// The whole table by the library itself, which is quicker than to ask ipvsadm.
    func table() throws -> [VirtualServer: Set<RealServer>] {
        let handle = try open()
        let services = try handle.virtualServers().map(\.server)
        return try Dictionary(
            uniqueKeysWithValues: services.map { ($0, Set(try handle.realServers(of: $0.id).map(\.server))) }
        )
    }
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

enum TestProcess {
    struct Result {
        let status: Int32
        let stdout: String
        let stderr: String
    }

    /// Runs a program to its end, with a file on standard input if there is one.
    static func run(_ command: [any StringProtocol], input: String? = nil) throws -> Result {
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
        // What is told of errors is short, so that it fits into the pipe while the output is read.
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

/// Waits until something holds; if it does not within a long time, the test fails.
func eventually(
    every microseconds: UInt32 = 100_000,
    _ condition: () throws -> Bool,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
        if try condition() { return }
        usleep(microseconds)
    }
    Issue.record("it did not come true", sourceLocation: sourceLocation)
}

/// Waits until something holds, and lets other tasks run meanwhile, which there may be but one thread for.
func eventually(
    _ condition: () throws -> Bool,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    for _ in 0..<300 {
        if try condition() { return }
        try await Task.sleep(for: .milliseconds(100))
    }
    Issue.record("it did not come true", sourceLocation: sourceLocation)
}

/// Runs something on a thread of its own, so that what it changes of the thread goes with it.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
    let box = ResultBox<Value>()
    let thread = Thread { box.fill(Result(catching: body)) }
    thread.start()
    return try box.wait().get()
}

private final class ResultBox<Value: Sendable>: @unchecked Sendable {
    // Guarded by the condition.
    private var result: Result<Value, any Error>?
    private let condition = NSCondition()

    func fill(_ result: Result<Value, any Error>) {
        condition.withLock {
            self.result = result
            condition.signal()
        }
    }

    func wait() -> Result<Value, any Error> {
        condition.withLock {
            while true {
                if let result { return result }
                condition.wait()
            }
        }
    }
}

/// Calls `body` while signals interrupt the system calls of its thread all the time.
func withSignals<Value>(_ body: () throws -> Value) rethrows -> Value {
    var action = sigaction()
    // Without SA_RESTART, so that a signal ends a system call.
    action.__sigaction_handler.sa_handler = { _ in }
    sigaction(SIGUSR1, &action, nil)
    let caller = pthread_self()
    let isDone = Mutex(false)
    let hasEnded = Mutex(false)
    Thread.detachNewThread {
        while !isDone.withLock({ $0 }) {
            pthread_kill(caller, SIGUSR1)
            usleep(50)
        }
        hasEnded.withLock { $0 = true }
    }
    defer {
        // The thread that is signalled must outlive the one that signals.
        isDone.withLock { $0 = true }
        while !hasEnded.withLock({ $0 }) { usleep(1_000) }
    }
    return try body()
}

// Calls of the C library that its headers hide from Swift.

let networkNamespaceFlag: Int32 = 0x4000_0000

func unshare(_ flags: Int32) -> Int32 {
    typealias Function = @convention(c) (Int32) -> Int32
    return unsafeBitCast(dlsym(nil, "unshare"), to: Function.self)(flags)
}

/// Sets `lo` up in the calling thread's namespace, many times faster than `ip` would in an emulated machine.
func setLoopbackUp() throws {
    typealias Function = @convention(c) (Int32, UInt, UnsafeMutableRawPointer) -> Int32
    let ioctl = unsafeBitCast(dlsym(nil, "ioctl"), to: Function.self)
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    defer { close(descriptor) }
    // struct ifreq: a name of 16 bytes, then the flags.
    var request = Array("lo".utf8) + [UInt8](repeating: 0, count: 38)
    request[16] = UInt8(IFF_UP)
    guard ioctl(descriptor, UInt(SIOCSIFFLAGS), &request) == 0 else {
        throw POSIXError(.init(rawValue: errno) ?? .EPERM)
    }
}

/// Moves the calling thread to the network namespace that a file stands for.
func enterNamespace(_ descriptor: Int32) -> Int32 {
    typealias Function = @convention(c) (Int32, Int32) -> Int32
    return unsafeBitCast(dlsym(nil, "setns"), to: Function.self)(descriptor, networkNamespaceFlag)
}

/// Gives up all capabilities of the calling thread.
func dropCapabilities() -> Int32 {
    typealias Function = @convention(c) (UnsafePointer<UInt32>, UnsafePointer<UInt32>) -> Int32
    let header: [UInt32] = [0x2008_0522, 0]
    let none = [UInt32](repeating: 0, count: 6)
    return unsafeBitCast(dlsym(nil, "capset"), to: Function.self)(header, none)
}
