import CNetlinkShim

/// A file descriptor, which its owner must close.
public struct FileDescriptor: Hashable, Sendable {
    /// The number of the descriptor.
    public let number: Int32

    /// A file descriptor with a number.
    public init(_ number: Int32) { self.number = number }

    /// Opens a file with flags of `open` and `O_CLOEXEC`.
    public init(opening path: String, _ flags: Int32, call: SystemCall = .open) throws(SystemError) {
        number = try succeed(call) { unsafe open(path, flags | O_CLOEXEC) }
    }

    /// Opens a file in memory with some bytes.
    package init(inMemory bytes: UnsafeRawBufferPointer) throws(SystemError) {
        number = cnetlink_memory_file()
        guard number >= 0 else { throw SystemError(errno: -number, call: .open) }
        do throws(SystemError) {
            try unsafe write(bytes)
        } catch {
            close()
            throw error
        }
    }

    /// Opens a socket with the arguments of `socket` and `SOCK_CLOEXEC`, in the caller's network namespace.
    init(openingSocket domain: Int32, _ type: Int32, _ protocol: Int32) throws(SystemError) {
        let type = type | Int32(SOCK_CLOEXEC.rawValue)
        number = try succeed(.socket) { socket(domain, type, `protocol`) }
    }

    /// Reads at least one byte and returns the number of bytes; 0 at the end.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        try succeed(.read) { unsafe readBytes(number, buffer.baseAddress, buffer.count) }
    }

    /// Writes all bytes with one system call, as files of the kernel require.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        let count = try succeed(.write) { unsafe writeBytes(number, bytes.baseAddress, bytes.count) }
        guard count == bytes.count else { throw SystemError(errno: EIO, call: .write) }
    }

    /// Closes the file descriptor.
    public func close() { closeDescriptor(number) }
}

// Functions of the C library, under names that don't conflict with the methods above.

private func closeDescriptor(_ number: Int32) { _ = close(number) }

private func readBytes(_ number: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    unsafe read(number, buffer, count)
}

private func writeBytes(_ number: Int32, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(number, buffer, count)
}
