import Glibc

/// A file of text.
package enum TextFile {
    /// Reads the contents of a file; `-` is standard input.
    package static func read(_ path: String) throws(FileError) -> String {
        guard path != standardInput else { return try text(of: try bytes(of: STDIN_FILENO)) }
        return try read(path, O_RDONLY, reasonForRegular: nil)
    }

    /// Reads the contents of a file that must be a regular one; a reason says why.
    package static func read(regular path: String, because reason: String) throws(FileError) -> String {
        // Opening a pipe would wait for a writer.
        try read(path, O_RDONLY | O_NONBLOCK, reasonForRegular: reason)
    }

    /// The path that stands for standard input.
    package static let standardInput = "-"

    /// The name of a file for messages.
    package static func name(_ path: String) -> String { path == standardInput ? "standard input" : path }

    private static func read(_ path: String, _ flags: Int32, reasonForRegular: String?) throws(FileError) -> String {
        // The C library would take the part before it.
        guard !path.utf8.contains(0) else { throw FileError(reason: "the name has a NUL character") }
        let descriptor = open(path, flags | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw failure }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure }
        let isRegular = status.st_mode & S_IFMT == S_IFREG
        if !isRegular, let reasonForRegular { throw FileError(reason: "is not a regular file, \(reasonForRegular)") }
        guard !isRegular || status.st_size <= DocumentLimits.bytes else { throw tooLarge }
        return try text(of: try bytes(of: descriptor))
    }

    private static let tooLarge = FileError(reason: "has more than \(DocumentLimits.bytes >> 20) MiB")

    /// The error of the last call of the C library.
    private static var failure: FileError { FileError(reason: String(cString: strerror(errno))) }

    private static func bytes(of descriptor: Int32) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            guard count > 0 || errno == EINTR else { throw failure }
            bytes += buffer.prefix(max(count, 0))
            guard bytes.count <= DocumentLimits.bytes else { throw tooLarge }
        }
    }

    private static func text(of bytes: [UInt8]) throws(FileError) -> String {
        let rest = try TextStart.check(bytes[...])
        guard let text = String(validating: rest, as: UTF8.self) else {
            let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            let wrong = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
            throw FileError(line: wrong.map { $0 + 1 }, reason: "is not UTF-8 text")
        }
        if let line = TextStart.lineWithMark(rest) {
            throw FileError(line: line, reason: "begins with a byte order mark; remove it")
        }
        return text
    }
}
