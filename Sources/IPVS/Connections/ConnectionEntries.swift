import VisibleText

/// The entries of the kernel's connection table.
///
/// They are read one at a time, as you request them, so memory use doesn't depend on their number. You can stop at any
/// time.
///
///     var entries = try handle.connectionEntries()
///     while let entry = try entries.next() {
///         print(entry.client, "to", entry.realServer, "is", entry.state)
///     }
///
/// The kernel dumps the table in parts. If connections are created or end in between, entries may be missing or appear twice.
/// Before Linux 7, the kernel finds each part by counting from the start, so that this can happen to a third of a table that
/// many clients use. Since Linux 7, it continues where it was, even while the table grows, and few entries appear twice. A table
/// with a million entries takes some time.
public struct ConnectionEntries: ~Copyable, Sendable {
    /// A property of entries that only one of the kernel's two files shows.
    public enum Detail: Hashable, Sendable {
        /// ``ConnectionEntry/persistence``, from `/proc/net/ip_vs_conn`.
        case persistence

        /// ``ConnectionEntry/origin``, from `/proc/net/ip_vs_conn_sync`.
        case origin
    }

    private let detail: Detail
    private var lines: LineReader
    private var isBegun = false

    init(_ file: any ReadableFile, showing detail: Detail) {
        self.detail = detail
        lines = LineReader(file)
    }

    /// Reads the next entry.
    ///
    /// - Returns: The entry, or nil at the end.
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/malformedReply`` for a line that can't be parsed, after which the
    ///   following lines can still be read, and with ``IPVSError/Code/ipvsUnavailable`` if the module was unloaded.
    public mutating func next() throws(IPVSError) -> ConnectionEntry? {
        if !isBegun {
            isBegun = true
            try readHeader()
        }
        return try read { (line, detail) throws(MalformedLine) in try ConnectionEntry(line, detail) }
    }

    private mutating func readHeader() throws(IPVSError) {
        let header: Void? = try read { (line, detail) throws(MalformedLine) in try detail.checkHeader(line) }
        guard header != nil else { throw IPVSError(malformedConnections: "the list is empty") }
    }

    private mutating func read<Value>(
        _ body: (Span<UInt8>, Detail) throws(MalformedLine) -> Value
    ) throws(IPVSError) -> Value? {
        do throws(LineReader.Failure) {
            return try lines.next { [detail] (line) throws(MalformedLine) in try body(line, detail) }
        } catch {
            switch error {
            case .system(let error):
                throw IPVSError(listingConnections: error)
            case .malformed(let line, let text):
                let problem = "line \(lines.count) is not as expected, \(line.problem): \(text.quoted)"
                throw IPVSError(malformedConnections: problem)
            }
        }
    }
}
