import Netlink

/// The entries of the kernel's connection table, one after the other.
///
/// They are read while you ask for them, in a few kilobytes of memory however many there are. To stop early, stop
/// asking.
///
///     var entries = try handle.connectionEntries()
///     while let entry = try entries.next() {
///         print(entry.client, "to", entry.realServer, "is", entry.state)
///     }
///
/// The kernel lists them piece by piece, and finds each piece by counting from the start: where connections come and go
/// meanwhile, some may be missing or be there twice; and a table of a million entries takes it some time.
public struct ConnectionEntries: ~Copyable, Sendable {
    /// What the kernel shows of entries in one of its two lists and not in the other.
    public enum Detail: Hashable, Sendable {
        /// ``ConnectionEntry/persistence``. The list is `/proc/net/ip_vs_conn`.
        case persistence

        /// ``ConnectionEntry/origin``. The list is `/proc/net/ip_vs_conn_sync`.
        case origin
    }

    private let detail: Detail
    private var lines: LineReader
    private var isBegun = false

    init(_ file: any ReadableFile, showing detail: Detail) {
        self.detail = detail
        lines = LineReader(file)
    }

    /// The next entry, or nil when there are no more.
    ///
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/malformedReply`` for a line that can't be understood, after which
    ///   those behind it can still be read; and with ``IPVSError/Code/ipvsUnavailable`` if the module is unloaded
    ///   meanwhile.
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
                let problem = "line \(lines.count) is not as expected, \(line.problem): \(text.debugDescription)"
                throw IPVSError(malformedConnections: problem)
            }
        }
    }
}
