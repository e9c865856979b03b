import NIOCore

/// Splits a stream of bytes into lines.
struct LineSplitter {
    /// A line is longer than the limit.
    struct TooLong: Error {}

    private let limit: Int
    private var buffer = ByteBuffer()

    /// How many bytes of the buffer have no end of a line, so that a long line in many chunks is searched once.
    private var searched = 0

    init(limit: Int) { self.limit = limit }

    /// Whether there are bytes after the last complete line.
    var hasRest: Bool { buffer.readableBytes > 0 }

    /// Adds the next bytes of the stream.
    mutating func append(_ chunk: ByteBuffer) {
        guard hasRest else {
            buffer = chunk
            return
        }
        buffer.discardReadBytes()
        buffer.writeImmutableBuffer(chunk)
    }

    /// The next complete line, without its end; nil if the bytes so far have none.
    mutating func next() throws(TooLong) -> ByteBuffer? {
        let view = buffer.readableBytesView
        let rest = view[view.index(view.startIndex, offsetBy: searched)...]
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else {
            searched = view.count
            guard searched <= limit else { throw TooLong() }
            return nil
        }
        let length = view.distance(from: view.startIndex, to: end)
        searched = 0
        guard length <= limit else { throw TooLong() }
        let line = buffer.readSlice(length: length)
        buffer.moveReaderIndex(forwardBy: 1)
        return line
    }
}
