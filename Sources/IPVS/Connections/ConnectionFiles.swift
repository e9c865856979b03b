package import Netlink

/// What a reader needs of a file, so that tests can stand in for the kernel.
package protocol ReadableFile: Sendable {
    /// Reads some bytes, at least one; 0 is the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int

    /// Ends it; nothing else is called afterwards.
    func close()
}

extension FileDescriptor: ReadableFile {}

/// Opens the kernel's files of a network namespace, so that tests can stand in for it.
package protocol FileOpener: Sendable {
    /// Opens a file for reading; one below `/proc/thread-self` is that of the namespace.
    func open(_ path: String) throws(SystemError) -> any ReadableFile
}

/// The files of the network namespace that a socket belongs to.
struct SocketFiles: FileOpener {
    private let socket: NetlinkSocket

    init(_ socket: NetlinkSocket) { self.socket = socket }

    func open(_ path: String) throws(SystemError) -> any ReadableFile {
        try socket.namespace().openFile(path, O_RDONLY)
    }
}

/// The files of a kernel that has none.
struct NoFiles: FileOpener {
    func open(_ path: String) throws(SystemError) -> any ReadableFile {
        throw SystemError(errno: ENOENT, call: .open)
    }
}
