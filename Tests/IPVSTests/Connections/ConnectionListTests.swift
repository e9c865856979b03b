import Glibc
import IPVSTestModels
import Testing

@testable import IPVS
@testable import Netlink

@Suite("The list of connections")
struct ConnectionListTests {
    private static let header = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n"
    private static let originHeader = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires\n"
    private static let text = header + ConnectionEntryTests.rows.map { $0.line + "\n" }.joined()
    private static let entries = ConnectionEntryTests.rows.map(\.entry)

    /// Reads all entries, and the messages of the errors.
    private func read(
        _ chunks: [ScriptedFile.Chunk],
        showing detail: ConnectionEntries.Detail = .persistence
    ) throws -> (entries: [ConnectionEntry], errors: [String]) {
        let file = ScriptedFile(chunks)
        var found: [ConnectionEntry] = []
        var errors: [String] = []
        do {
            var list = ConnectionEntries(file, showing: detail)
            while true {
                do throws(IPVSError) {
                    guard let entry = try list.next() else { break }
                    found.append(entry)
                } catch {
                    errors.append("\(error)")
                    // A file that can't be read stays unreadable.
                    if error.code != .malformedReply { break }
                }
            }
        }
        #expect(file.closeCount == 1)
        return (found, errors)
    }

    @Test("A list in one piece, in single bytes, and split at each byte")
    func chunks() throws {
        let bytes = Array(Self.text.utf8)
        #expect(try read([.bytes(bytes)]).entries == Self.entries)
        #expect(try read(bytes.map { .bytes([$0]) }).entries == Self.entries)
        for cut in 1..<bytes.count {
            let (entries, errors) = try read([.bytes(Array(bytes[..<cut])), .bytes(Array(bytes[cut...]))])
            #expect(errors == [])
            #expect(entries == Self.entries, "cut at \(cut)")
        }
    }

    @Test("A list that ends within a line is an error, after the complete lines")
    func truncated() throws {
        let bytes = Array(Self.text.utf8)
        for length in 0..<bytes.count {
            let (entries, errors) = try read([.bytes(Array(bytes[..<length]))])
            let lines = bytes[..<length].count { $0 == UInt8(ascii: "\n") }
            let isWhole = length > 0 && bytes[length - 1] == UInt8(ascii: "\n")
            #expect(entries == Self.entries.prefix(max(0, lines - 1)).map { $0 }, "cut at \(length)")
            #expect(errors.isEmpty == isWhole, "cut at \(length)")
        }
    }

    @Test("A list with more lines than the buffer holds, in pieces that end anywhere")
    func long() throws {
        let bytes =
            Array(Self.text.utf8)
            + Array(repeating: Array(Self.text.dropFirst(Self.header.count).utf8), count: 200).joined()
        let pieces = stride(from: 0, to: bytes.count, by: 4_000).map { start in
            ScriptedFile.Chunk.bytes(Array(bytes[start..<min(start + 4_000, bytes.count)]))
        }
        let (entries, errors) = try read(pieces)
        #expect(errors == [])
        #expect(entries.count == 201 * Self.entries.count)
        #expect(Set(entries) == Set(Self.entries))
    }

    @Test("A malformed line is reported with its number and text, and the lines after it are read")
    func malformedLine() throws {
        let (entries, errors) = try read([
            .text(Self.header + "TCP \u{7}x\n" + ConnectionEntryTests.rows[0].line + "\n")
        ])
        #expect(entries == [Self.entries[0]])
        let sentence =
            "can't list connections: the kernel's list can't be understood: line 2 is not as expected, "
            + #"the client's address is "\u{7}x": "TCP \u{7}x""#
        #expect(errors == [sentence])
    }

    @Test("A line longer than any line of the kernel is not kept in memory")
    func endless() throws {
        let (entries, errors) = try read(
            [.text(Self.header)] + Array(repeating: .text(String(repeating: "x", count: 4_096)), count: 3)
        )
        #expect(entries.isEmpty)
        #expect(errors.count == 2)
        #expect(errors.first?.contains("line 2 is not as expected, it is too long: \"xxx") == true)
    }

    @Test("The header must be that of the requested list")
    func header() throws {
        #expect(try read([.text(Self.header)]).errors == [])
        #expect(try read([.text(Self.originHeader)], showing: .origin).errors == [])
        // Before 2.6.39 there were no persistence engines.
        #expect(try read([.text("Pro FromIP FPrt ToIP TPrt DestIP DPrt State Expires\n")]).errors == [])
        let other = try read([.text(Self.originHeader)]).errors
        #expect(other.count == 1)
        #expect(other.first?.contains("line 1 is not as expected, it does not name the column Expires") == true)
        let (_, errors) = try read([.text(Self.header)], showing: .origin)
        #expect(errors.first?.contains("it does not name the column Origin") == true)
        #expect(
            try read([]).errors == ["can't list connections: the kernel's list can't be understood: the list is empty"]
        )
    }

    @Test("A signal is not an error; any other error is thrown")
    func systemErrors() throws {
        let line = ConnectionEntryTests.rows[0].line + "\n"
        let start: [ScriptedFile.Chunk] = [.fail(EINTR), .text(Self.header), .fail(EINTR), .text(line)]
        let (entries, errors) = try read(start + [.fail(ENOMEM)])
        #expect(entries == [Self.entries[0]])
        #expect(errors == ["can't list connections: Cannot allocate memory"])
        // The error of a file that was open when the module was unloaded.
        let gone = try read(start + [.fail(EIO)]).errors
        #expect(gone.first?.hasPrefix("can't list connections: this kernel has no IPVS") == true)
    }

    @Test("A caller can stop, and the file is closed")
    func stopping() throws {
        let file = ScriptedFile([.text(Self.text), .fail(EIO)])
        do {
            var list = ConnectionEntries(file, showing: .persistence)
            #expect(try list.next() == Self.entries[0])
            #expect(file.closeCount == 0)
        }
        #expect(file.closeCount == 1)
    }

    @Test("A handle opens the requested list, and a closed handle opens none")
    func opening() throws {
        let files = ListFiles(Self.header, Self.originHeader)
        let handle = try Handle(channel: AnsweringChannel { _ in [] }, files: files)
        for detail in [ConnectionEntries.Detail.persistence, .origin] {
            var list = try handle.connectionEntries(showing: detail)
            #expect(try list.next() == nil)
            #expect(try list.next() == nil)
        }
        handle.close()
        let error = try expectError(.handleClosed) { _ = try handle.connectionEntries() }
        #expect("\(error)" == "can't list connections: the handle is closed")
        #expect(error.operation.virtualServer == nil)
        #expect(error.operation.realServer == nil)
    }

    @Test(
        "Reasons why a list can't be opened",
        arguments: [
            (
                SystemError(errno: ENOENT, call: .open), IPVSError.Code.ipvsUnavailable,
                "this kernel has no IPVS; load its"
            ),
            (
                SystemError(errno: EPERM, call: .open), .permissionDenied,
                "not permitted to enter its network namespace"
            ),
            (
                SystemError(errno: EPERM, call: .ioctl), .permissionDenied,
                "not permitted to enter its network namespace"
            ),
            (SystemError(errno: ENOENT, call: .status), .system, "no file system of processes is at /proc"),
            (SystemError(errno: EMFILE, call: .open), .system, "Too many open files"),
        ]
    )
    func openingErrors(cause: SystemError, code: IPVSError.Code, reason: String) {
        let error = IPVSError(listingConnections: cause)
        #expect(error.code == code)
        #expect(error.errno == cause.errno)
        #expect("\(error)".hasPrefix("can't list connections: \(reason)"))
    }
}

/// A file that a test has written, which is read in pieces like the kernel's files.
private final class ScriptedFile: ReadableFile {
    enum Chunk: Sendable {
        case bytes([UInt8])
        case fail(Int32)

        static func text(_ text: String) -> Chunk { .bytes(Array(text.utf8)) }
    }

    private let chunks: Locked<ArraySlice<Chunk>>
    private let closes = Locked(0)

    init(_ chunks: [Chunk]) { self.chunks = Locked(chunks[...]) }

    var closeCount: Int { closes.withLock { $0 } }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        switch chunks.withLock({ $0.popFirst() }) {
        case nil: return 0
        case .fail(let errno): throw SystemError(errno: errno, call: .read)
        case .bytes(let bytes):
            let count = min(bytes.count, buffer.count)
            buffer.copyBytes(from: bytes[..<count])
            if count < bytes.count { chunks.withLock { $0.insert(.bytes(Array(bytes[count...])), at: $0.startIndex) } }
            return count
        }
    }

    func close() { closes.withLock { $0 += 1 } }
}

/// The files of both lists.
private struct ListFiles: FileOpener {
    private let files: [String: String]

    init(_ connections: String, _ origins: String) {
        files = [
            "/proc/thread-self/net/ip_vs_conn": connections, "/proc/thread-self/net/ip_vs_conn_sync": origins,
        ]
    }

    func open(_ path: String) throws(SystemError) -> any ReadableFile {
        guard let text = files[path] else { throw SystemError(errno: ENOENT, call: .open) }
        return ScriptedFile([.text(text)])
    }

    func namespace() throws(SystemError) -> HeldNamespace? { nil }
}
