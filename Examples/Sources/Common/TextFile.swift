import Glibc

/// A file of text.
package enum TextFile {
    /// Reads the contents of a file; `-` is standard input.
    package static func read(_ path: String) throws(FileError) -> String { try text(of: try bytes(of: path)) }

    /// Reads the contents of a regular file. Other files, such as pipes, can't be read again.
    package static func read(regular path: String) throws(FileError) -> String {
        // Opening a pipe would wait for a writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw failure }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileError(reason: "is not a regular file, which could be read again")
        }
        guard status.st_size <= maximumSize else {
            throw FileError(reason: "has more than \(maximumSize >> 20) MiB")
        }
        return try text(of: try bytes(of: descriptor))
    }

    /// More than any intended file has.
    private static let maximumSize = 256 << 20

    /// The error of the last call of the C library.
    private static var failure: FileError { FileError(reason: String(cString: strerror(errno))) }

    private static func bytes(of path: String) throws(FileError) -> [UInt8] {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure }
        defer { if path != "-" { close(descriptor) } }
        return try bytes(of: descriptor)
    }

    private static func bytes(of descriptor: Int32) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            guard count > 0 || errno == EINTR else { throw failure }
            bytes += buffer.prefix(max(count, 0))
        }
    }

    private static func text(of bytes: [UInt8]) throws(FileError) -> String {
        // Some editors write a byte order mark.
        let mark = Array("\u{feff}".utf8)
        let rest = bytes.starts(with: mark) ? bytes.dropFirst(mark.count) : bytes[...]
        if let text = String(validating: rest, as: UTF8.self) { return text }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let wrong = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
        throw FileError(line: wrong.map { $0 + 1 }, reason: "is not UTF-8 text")
    }
}
