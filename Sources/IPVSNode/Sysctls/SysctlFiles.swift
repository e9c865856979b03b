package import IPVS
package import Netlink

/// The files of sysctls. Tests provide their own.
package protocol SysctlFiles: Sendable {
    /// The network namespace of the files. Nil means that of the thread that created them.
    var namespace: NetworkNamespace? { get }

    /// The first line of a file, without its line break.
    func read(_ path: String) throws(SystemError) -> String

    /// Writes the contents of a file.
    func write(_ text: String, to path: String) throws(SystemError)
}

/// The kernel's files of a network namespace that is held open, so its path is used only once.
package struct KernelSysctlFiles: SysctlFiles {
    package let namespace: NetworkNamespace?
    private let held: Result<HeldNamespace, SystemError>

    /// The files of a namespace, or of the calling thread's. If there is no such namespace, each use of the files
    /// reports that.
    package init(namespace: NetworkNamespace?) {
        self.namespace = namespace
        held = Result { () throws(SystemError) in try HeldNamespace(path: namespace?.path) }
    }

    /// The files of a namespace that is held open already.
    package init(_ held: HeldNamespace, named namespace: NetworkNamespace) {
        self.namespace = namespace
        self.held = .success(held)
    }

    package func read(_ path: String) throws(SystemError) -> String {
        // The namespace of the thread that opens a file determines whose sysctl it is.
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
