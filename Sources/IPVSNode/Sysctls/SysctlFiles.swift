package import IPVS
package import Netlink

/// The files that settings are to a program, so that tests can stand in for the kernel.
package protocol SysctlFiles: Sendable {
    /// The network namespace whose settings they are; nil is that in which the calling thread was at the beginning.
    var namespace: NetworkNamespace? { get }

    /// The text of a file, without the end of its line.
    func read(_ path: String) throws(SystemError) -> String

    func write(_ text: String, to path: String) throws(SystemError)
}

/// The kernel's files of a network namespace that is held from the beginning: it is not looked for again.
package struct KernelSysctlFiles: SysctlFiles {
    package let namespace: NetworkNamespace?
    private let held: Result<HeldNamespace, SystemError>

    /// The files of a namespace, or of that which the calling thread is in. If there is no such namespace, each use of its
    /// files says so.
    package init(namespace: NetworkNamespace?) {
        self.namespace = namespace
        held = Result { () throws(SystemError) in try HeldNamespace(path: namespace?.path) }
    }

    package func read(_ path: String) throws(SystemError) -> String {
        // Which namespace's setting a file is, is decided by who opens it.
        let file = try open(path, O_RDONLY)
        defer { file.close() }
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = try unsafe buffer.withUnsafeMutableBufferPointer { (bytes) throws(SystemError) in
            try unsafe file.read(into: UnsafeMutableRawBufferPointer(bytes))
        }
        return String(decoding: buffer[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    package func write(_ text: String, to path: String) throws(SystemError) {
        let file = try open(path, O_WRONLY)
        defer { file.close() }
        let bytes = Array(text.utf8)
        try unsafe bytes.withUnsafeBufferPointer { (bytes) throws(SystemError) in
            try unsafe file.write(UnsafeRawBufferPointer(bytes))
        }
    }

    private func open(_ path: String, _ flags: Int32) throws(SystemError) -> FileDescriptor {
        let namespace = try held.get()
        return try namespace.openFile(path, flags)
    }
}
