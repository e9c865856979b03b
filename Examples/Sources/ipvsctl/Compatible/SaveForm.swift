import Common
import IPVS

/// ipvsadm's form of a table, as `ipvsctl -S` and `ipvsadm -S` write it and `-R` reads it: a line `-A …` for each
/// virtual server, followed by a line `-a …` for each of its real servers.
///
///     -A -t 10.96.0.1:80 -s wrr -p 300
///     -a -t 10.96.0.1:80 -r 10.244.1.5:8080 -m -w 2
///
/// The text holds the complete configuration of a table. Additional options express what ipvsadm has no options for:
/// `--ip-service 47/10.0.0.1:80` for another protocol, `--local` and `--bypass`, and flags such as `0x40`.
enum SaveForm {
    /// An error in a line.
    struct LineError: Error, Hashable, Sendable, CustomStringConvertible {
        /// The number of the line, starting with 1.
        let line: Int

        /// The error as a sentence.
        let reason: String

        /// `line 3: there is no option --frob`.
        var description: String { "line \(line): \(reason)" }
    }

    /// The errors in the lines of a text, in their order.
    struct ReadingError: Error, Hashable, Sendable, CustomStringConvertible {
        let all: Several<LineError>

        /// The first ones.
        var errors: [LineError] { all.first }

        /// A line for each error, up to the first of many.
        var description: String { all.lines(\.description).joined(separator: "\n") }
    }

    /// Reads a table.
    ///
    /// A line may begin with `ipvsadm` or `ipvsctl`; empty lines, and those that begin with `#`, say nothing. A virtual
    /// server stands before its real servers, and none is there twice. Names of hosts and services are looked up.
    /// - Throws: ``ReadingError`` with every line that is wrong.
    static func read(_ text: String, names: Compatible.Names = .system) throws(ReadingError) -> Table {
        try Document(text, names: names).table
    }

    /// A table that was read, and the lines that it is in.
    struct Document {
        private(set) var table = Table()
        private var lines: [Subject: Int] = [:]

        /// Whether it has any command or comment.
        private(set) var hasContent = false

        /// What a line is about: a virtual server, or one of its real servers.
        private struct Subject: Hashable {
            let id: VirtualServer.Identity?
            let real: Endpoint?
        }

        /// Reads a table as ``SaveForm/read(_:names:)`` does.
        init(_ text: String, names: Compatible.Names = .system) throws(ReadingError) {
            let parser = Compatible.Parser(names: names, dialect: .saved)
            var errors: Several<LineError> = []
            for (index, line) in SaveForm.lines(of: text).enumerated() {
                guard let words = SaveForm.words(of: line) else {
                    hasContent = hasContent || line.utf8.contains(UInt8(ascii: "#"))
                    continue
                }
                hasContent = true
                do throws(Compatible.UsageError) {
                    try SaveForm.check(line)
                    try insert(try parser.parse(words).command, line: index + 1)
                } catch {
                    errors.append(LineError(line: index + 1, reason: error.description))
                }
            }
            guard errors.isEmpty else { throw ReadingError(all: errors) }
        }

        /// The line that a virtual server is in, or one of its real servers.
        func line(of id: VirtualServer.Identity?, _ real: Endpoint?) -> Int? { lines[Subject(id: id, real: real)] }

        private mutating func insert(_ command: Compatible.Command, line: Int) throws(Compatible.UsageError) {
            switch command {
            case .add(let server):
                guard table[server.id] == nil else {
                    throw Compatible.UsageError("the virtual server \(server.id) is in a line above already")
                }
                table.replace(Table.Entry(server))
                lines[Subject(id: server.id, real: nil)] = line
            case .addRealServer(let real, let id):
                // Taken out meanwhile, so that its list of real servers is not copied for each.
                guard var service = table.remove(id) else {
                    throw Compatible.UsageError("the virtual server \(id) is in no line above")
                }
                defer { table.replace(service) }
                guard lines[Subject(id: id, real: real.endpoint)] == nil else {
                    throw Compatible.UsageError("\(id) has the real server \(real.endpoint) already")
                }
                service.replace(real)
                lines[Subject(id: id, real: real.endpoint)] = line
            default:
                throw Compatible.UsageError(
                    "a saved table has virtual servers (-A) and real servers (-a), nothing else"
                )
            }
        }
    }
}

extension SaveForm {
    /// The lines of a text, including text after the last line break.
    static func lines(of text: String) -> [Substring] {
        // By bytes: a carriage return and a line feed are one character.
        text.utf8.split(omittingEmptySubsequences: false) { byte in byte == UInt8(ascii: "\n") }.map { Substring($0) }
    }

    /// The words of a line, without the program's name; nil where it says nothing.
    ///
    /// Quotes have no meaning. As ipvsadm does it, the word `ipvsadm` is passed over wherever it stands.
    static func words(of line: Substring) -> [String]? {
        var words = line.utf8.split(whereSeparator: isBlank).map { String(Substring($0)) }
        if words.first == "ipvsctl" { words.removeFirst() }
        words.removeAll { $0 == "ipvsadm" }
        guard let first = words.first, !first.hasPrefix("#") else { return nil }
        return words
    }

    /// Refuses a line that no command can be in.
    static func check(_ line: Substring) throws(Compatible.UsageError) {
        guard line.utf8.count <= longestLine else {
            throw Compatible.UsageError("the line has more than \(longestLine) bytes")
        }
        if line.utf8.starts(with: "\u{feff}".utf8) {
            throw Compatible.UsageError("the line begins with a byte order mark; remove it")
        }
        // The C library would take the part before it.
        guard !line.utf8.contains(0) else { throw Compatible.UsageError("the line has a NUL character") }
        if isListing(line) { throw Compatible.UsageError("the line \(listingHint)") }
    }

    /// Whether a text begins as a listing does.
    static func isListing(_ text: some StringProtocol) -> Bool {
        // Lines of a table begin with a hyphen, and there can be many.
        guard let first = text.utf8.first, first == UInt8(ascii: "I") || first == UInt8(ascii: "P") else {
            return false
        }
        return ["IP Virtual Server version ", "Prot LocalAddress:Port ", "IPVS connection entries"].contains {
            text.utf8.starts(with: $0.utf8)
        }
    }

    /// What a user can do who has a listing instead of a table.
    static let listingHint = "looks like one of a listing (-L); ipvsadm -S and ipvsctl -S write tables"

    /// The number of bytes that a line has at most.
    static let longestLine = 65_536

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }
}
