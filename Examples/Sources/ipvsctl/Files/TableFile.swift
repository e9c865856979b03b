import Glibc
import IPVS

/// A file that holds a table.
struct TableFile {
    /// Its path; `-` is standard input.
    let path: String

    /// The form it is in; nil finds it out by the name, or else by what is in it.
    var format: Format?

    /// Its name for messages.
    private var name: String { path == "-" ? "standard input" : path }

    /// Reads the table, which is one that a kernel could take; otherwise everything that is wrong with it is told.
    func read() throws(FileErrors) -> Table {
        do throws(Refusal) {
            let text = try Self.text(of: try bytes())
            let format = self.format ?? Format(path: path) ?? Format(text: text)
            switch format {
            case .json: return try Table(json: text)
            case .yaml: return try Table(yaml: text)
            case .ipvsadm: return try Table(saved: text)
            case nil: throw Refusal("is empty, and so may be any form; --format ipvsadm would make it an empty table")
            }
        } catch {
            throw FileErrors(name, error.errors)
        }
    }

    /// All that is wrong with what was read.
    struct Refusal: Error {
        let errors: [FileError]

        init(_ errors: [FileError]) { self.errors = errors }

        /// The file as a whole is wrong, or one of its lines.
        init(line: Int? = nil, field: String? = nil, _ reason: String) {
            errors = [FileError(line: line, field: field, reason: reason)]
        }
    }

    private func bytes() throws(Refusal) -> [UInt8] {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Refusal(String(cString: strerror(errno))) }
        defer { if path != "-" { close(descriptor) } }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            guard count > 0 || errno == EINTR else { throw Refusal(String(cString: strerror(errno))) }
            bytes += buffer.prefix(max(count, 0))
        }
    }

    private static func text(of bytes: [UInt8]) throws(Refusal) -> String {
        // Some editors begin a file with a mark that it is in UTF-8.
        let mark = Array("\u{feff}".utf8)
        let rest = bytes.starts(with: mark) ? bytes.dropFirst(mark.count) : bytes[...]
        if let text = String(validating: rest, as: UTF8.self) { return text }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let wrong = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
        throw Refusal(line: wrong.map { $0 + 1 }, "is not UTF-8 text")
    }
}
