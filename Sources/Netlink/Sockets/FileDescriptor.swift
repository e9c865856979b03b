/// A file descriptor that its holder closes: the calls of the C library that have no room for mistakes.
public struct FileDescriptor: Hashable, Sendable {
    public let number: Int32

    public init(_ number: Int32) { self.number = number }

    /// Opens a file with the flags of `open`, and close-on-exec.
    public init(opening path: String, _ flags: Int32, call: SystemCall = .open) throws(SystemError) {
        number = try succeed(call) { unsafe open(path, flags | O_CLOEXEC) }
    }

    /// Reads some bytes, at least one; 0 is the end.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        try succeed(.read) { unsafe readBytes(number, buffer.baseAddress, buffer.count) }
    }

    /// Writes all bytes with one call, as the kernel's own files want it.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        let count = try succeed(.write) { unsafe writeBytes(number, bytes.baseAddress, bytes.count) }
        guard count == bytes.count else { throw SystemError(errno: EIO, call: .write) }
    }

    public func close() { closeDescriptor(number) }
}

// The C library's functions, by names that no method above has.

private func closeDescriptor(_ number: Int32) { _ = close(number) }

private func readBytes(_ number: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    unsafe read(number, buffer, count)
}

private func writeBytes(_ number: Int32, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(number, buffer, count)
}
