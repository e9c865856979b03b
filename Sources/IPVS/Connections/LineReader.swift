import Netlink

/// Reads a file line by line.
struct LineReader: ~Copyable, Sendable {
    enum Failure: Error {
        /// The file can't be read.
        case system(SystemError)
        /// A line, here as text, is not valid.
        case malformed(MalformedLine, String)
    }

    /// The number of lines read so far.
    private(set) var count = 0

    private let file: any ReadableFile

    /// The kernel returns at most a page at a time, and lines are much shorter.
    private var buffer = [UInt8](repeating: 0, count: 8_192)

    /// The position of bytes in the buffer that were read but not returned yet.
    private var unread = 0..<0

    /// A reader of a file, which it closes when it is destroyed.
    init(_ file: any ReadableFile) { self.file = file }

    deinit { file.close() }

    /// Calls `body` with the next line, without its line break. Returns nil at the end of the file.
    mutating func next<Value>(
        _ body: (Span<UInt8>) throws(MalformedLine) -> Value
    ) throws(Failure) -> Value? {
        guard let end = try findEnd() else { return nil }
        let line = unread.lowerBound..<end
        unread = min(end + 1, unread.upperBound)..<unread.upperBound
        count += 1
        do throws(MalformedLine) {
            return try body(buffer.span.extracting(line))
        } catch {
            throw .malformed(error, String(utf8: buffer.span.extracting(line)))
        }
    }

    /// The position of the end of the next line, or nil if there is none.
    private mutating func findEnd() throws(Failure) -> Int? {
        var searched = unread.lowerBound
        while true {
            if let end = buffer[searched..<unread.upperBound].firstIndex(of: UInt8(ascii: "\n")) { return end }
            let known = unread.count
            guard try fill() else {
                guard known > 0 else { return nil }
                throw cutOff(by: "it does not end")
            }
            searched = unread.lowerBound + known
        }
    }

    /// Reads more bytes into the buffer. Returns false at the end of the file.
    private mutating func fill() throws(Failure) -> Bool {
        let known = unread.count
        if unread.lowerBound > 0 {
            buffer.replaceSubrange(0..<known, with: Array(buffer[unread]))
            unread = 0..<known
        }
        guard known < buffer.count else { throw cutOff(by: "it is too long") }
        let file = file
        while true {
            do throws(SystemError) {
                let added = try unsafe buffer.withUnsafeMutableBufferPointer { (bytes) throws(SystemError) in
                    let free = unsafe UnsafeMutableBufferPointer(rebasing: bytes[known...])
                    return try unsafe file.read(into: UnsafeMutableRawBufferPointer(free))
                }
                unread = 0..<known + added
                return added > 0
            } catch let error where error.errno == EINTR {
                continue
            } catch {
                throw .system(error)
            }
        }
    }

    /// Discards the beginning of a line that has no end.
    private mutating func cutOff(by problem: String) -> Failure {
        let text = String(utf8: buffer.span.extracting(unread))
        unread = 0..<0
        count += 1
        return .malformed(MalformedLine(problem: problem), text)
    }
}
