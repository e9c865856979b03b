package import Netlink

/// A file that can be read. Tests provide their own.
package protocol ReadableFile: Sendable {
    /// Reads at least one byte and returns the number of bytes; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int

    /// Closes the file. No other method is called afterwards.
    func close()
}

extension FileDescriptor: ReadableFile {}

/// Opens files of a network namespace. Tests provide their own.
package protocol FileOpener: Sendable {
    /// Opens a file for reading. A path below `/proc/thread-self` is that of the namespace.
    func open(_ path: String) throws(SystemError) -> any ReadableFile

    /// The namespace; nil for that of the calling thread.
    func namespace() throws(SystemError) -> HeldNamespace?

    /// The name of the lock of the namespace's table. It differs where several tables share a namespace, as in tests.
    var tableLockName: String { get }
}

extension FileOpener {
    package var tableLockName: String { "swift-ipvs/table" }
}

/// The files of a socket's network namespace.
struct SocketFiles: FileOpener {
    private let socket: NetlinkSocket

    init(_ socket: NetlinkSocket) { self.socket = socket }

    func open(_ path: String) throws(SystemError) -> any ReadableFile {
        try socket.namespace().openFile(path, O_RDONLY)
    }

    func namespace() throws(SystemError) -> HeldNamespace? { try socket.namespace() }
}

/// No files.
struct NoFiles: FileOpener {
    func open(_ path: String) throws(SystemError) -> any ReadableFile {
        throw SystemError(errno: ENOENT, call: .open)
    }

    func namespace() throws(SystemError) -> HeldNamespace? { nil }
}
