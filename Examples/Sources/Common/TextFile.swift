import Glibc

/// A file of text.
package enum TextFile {
    /// Reads the text of a file, all of it; `-` is standard input.
    package static func read(_ path: String) throws(FileError) -> String { try text(of: try bytes(of: path)) }

    private static func bytes(of path: String) throws(FileError) -> [UInt8] {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(reason: String(cString: strerror(errno))) }
        defer { if path != "-" { close(descriptor) } }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            guard count > 0 || errno == EINTR else { throw FileError(reason: String(cString: strerror(errno))) }
            bytes += buffer.prefix(max(count, 0))
        }
    }

    private static func text(of bytes: [UInt8]) throws(FileError) -> String {
        // Some editors begin a file with a mark that it is in UTF-8.
        let mark = Array("\u{feff}".utf8)
        let rest = bytes.starts(with: mark) ? bytes.dropFirst(mark.count) : bytes[...]
        if let text = String(validating: rest, as: UTF8.self) { return text }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let wrong = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
        throw FileError(line: wrong.map { $0 + 1 }, reason: "is not UTF-8 text")
    }
}
