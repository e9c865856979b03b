import CIPVS
import Glibc
import IPVS

/// The files that settings are to a program, so that tests can stand in for the kernel.
protocol SysctlFiles: Sendable {
    /// The network namespace whose settings they are; nil is the calling thread's.
    var namespace: NetworkNamespace? { get }

    /// The text of a file, without the end of its line.
    func read(_ path: String) throws(SystemError) -> String

    func write(_ text: String, to path: String) throws(SystemError)
}

/// What tells an error with a file from one with its namespace.
enum SysctlFile {
    static let call = "sysctl"
}

struct KernelSysctlFiles: SysctlFiles {
    let namespace: NetworkNamespace?

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
        guard let namespace else {
            let file = unsafe Glibc.open(path, flags | O_CLOEXEC)
            guard file >= 0 else { throw SystemError(errno: errno, call: SysctlFile.call) }
            return file
        }
        let place = unsafe Glibc.open(namespace.path, O_RDONLY | O_CLOEXEC)
        guard place >= 0 else { throw SystemError(errno: errno, call: "open") }
        defer { _ = Glibc.close(place) }
        let file = unsafe cipvs_open_in_namespace(place, path, flags)
        guard file >= 0 else {
            // A path that can be opened is a namespace or is none; a file of this name is there or is not.
            throw SystemError(errno: -file, call: [EINVAL, EPERM].contains(-file) ? "setns" : SysctlFile.call)
        }
        return file
    }
}
