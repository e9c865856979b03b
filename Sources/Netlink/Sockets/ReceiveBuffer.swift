/// Room for two datagrams.
// Sendable unchecked: nothing else refers to its memory.
@safe
@usableFromInline
struct ReceiveBuffer: ~Copyable, @unchecked Sendable {
    @usableFromInline let storage: UnsafeMutableRawBufferPointer

    /// How many bytes each of the two may have.
    @usableFromInline let size: Int

    @usableFromInline
    init(size: Int) {
        unsafe storage = .allocate(byteCount: 2 * size, alignment: 8)
        self.size = size
    }

    @inlinable deinit { unsafe storage.deallocate() }

    /// Where the first datagram is received.
    @unsafe @inlinable var first: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(rebasing: storage[..<size])
    }

    /// Where the second datagram is received.
    @unsafe @inlinable var second: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(rebasing: storage[size...])
    }

    /// Calls `body` with a datagram of this length, as far as it fitted.
    @inlinable
    func withBytes(_ length: Int, isSecond: Bool, _ body: (RawSpan) -> Void) {
        let place = unsafe isSecond ? second : first
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: place[..<min(length, size)])
        body(unsafe bytes.bytes)
    }
}
