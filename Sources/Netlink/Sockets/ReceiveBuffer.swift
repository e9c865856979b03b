/// A buffer for two datagrams.
@safe
@usableFromInline
struct ReceiveBuffer: ~Copyable, @unchecked Sendable {
    @usableFromInline let storage: UnsafeMutableRawBufferPointer

    /// The capacity for each of the two, in bytes.
    @usableFromInline let size: Int

    @usableFromInline
    init(size: Int) {
        unsafe storage = .allocate(byteCount: 2 * size, alignment: 8)
        self.size = size
    }

    @inlinable deinit { unsafe storage.deallocate() }

    /// The memory for the first datagram.
    @unsafe @inlinable var first: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(rebasing: storage[..<size])
    }

    /// The memory for the second datagram.
    @unsafe @inlinable var second: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(rebasing: storage[size...])
    }

    /// Calls `body` with the bytes of a datagram that fit into the buffer.
    @inlinable
    func withBytes(_ length: Int, isSecond: Bool, _ body: (RawSpan) -> Void) {
        let place = unsafe isSecond ? second : first
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: place[..<min(length, size)])
        body(unsafe bytes.bytes)
    }
}
