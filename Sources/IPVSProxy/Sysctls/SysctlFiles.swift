import Glibc
import IPVS

/// The files that settings are to a program, so that tests can stand in for the kernel.
protocol SysctlFiles: Sendable {
    /// The network namespace whose settings they are; nil is that in which the calling thread was at the beginning.
    var namespace: NetworkNamespace? { get }

    /// The text of a file, without the end of its line.
    func read(_ path: String) throws(SystemError) -> String

    func write(_ text: String, to path: String) throws(SystemError)
}

/// What tells an error with a file from one with its namespace.
enum SysctlFile {
    static let call = "sysctl"
}

/// The kernel's files of a network namespace that is held from the beginning: it is not looked for again.
struct KernelSysctlFiles: SysctlFiles {
    let namespace: NetworkNamespace?
    private let held: Result<HeldNamespace, SystemError>

    /// The files of a namespace, or of that which the calling thread is in. If there is no such namespace, each use of its
    /// files says so.
    init(namespace: NetworkNamespace?) {
        self.namespace = namespace
        held = Result { () throws(SystemError) in try HeldNamespace(namespace) }
    }

    func read(_ path: String) throws(SystemError) -> String {
        let file = try open(path, O_RDONLY)
        defer { _ = Glibc.close(file) }
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = unsafe Glibc.read(file, &buffer, buffer.count)
        guard count >= 0 else { throw SystemError(errno: errno, call: SysctlFile.call) }
        return String(decoding: buffer[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    func write(_ text: String, to path: String) throws(SystemError) {
        let file = try open(path, O_WRONLY)
        defer { _ = Glibc.close(file) }
        let bytes = Array(text.utf8)
        guard unsafe Glibc.write(file, bytes, bytes.count) == bytes.count else {
            throw SystemError(errno: errno, call: SysctlFile.call)
        }
    }

    /// Opens a file as a thread of the namespace would: which namespace's setting it is decides who opens it.
    private func open(_ path: String, _ flags: Int32) throws(SystemError) -> Int32 {
        let held = try held.get()
        do throws(SystemError) {
            return try held.openFile(path, flags)
        } catch {
            throw error.call == "open" ? SystemError(errno: error.errno, call: SysctlFile.call) : error
        }
    }
}
