/// Room for two datagrams.
@safe
struct ReceiveBuffer: ~Copyable {
    private let storage: UnsafeMutableRawBufferPointer

    /// How many bytes each of the two may have.
    let size: Int

    init(size: Int) {
        unsafe storage = .allocate(byteCount: 2 * size, alignment: 8)
        self.size = size
    }

    deinit { unsafe storage.deallocate() }

    /// Where the first datagram is received.
    @unsafe var first: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(rebasing: storage[..<size])
    }

    /// Where the second datagram is received.
    @unsafe var second: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(rebasing: storage[size...])
    }

    /// Calls `body` with a datagram of this length, as far as it fitted.
    func withBytes(_ length: Int, isSecond: Bool, _ body: (RawSpan) -> Void) {
        let place = unsafe isSecond ? second : first
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: place[..<min(length, size)])
        body(unsafe bytes.bytes)
    }
}
