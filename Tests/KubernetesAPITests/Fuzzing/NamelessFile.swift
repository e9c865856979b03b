import Glibc

/// A temporary file without a name, for readers that want a path.
final class NamelessFile {
    private let file: UnsafeMutablePointer<FILE>

    /// The path as long as the object exists.
    var path: String { "/proc/self/fd/\(fileno(file))" }

    init(_ bytes: [UInt8]) throws {
        guard let file = tmpfile() else { throw FileFailure(number: errno) }
        self.file = file
        guard write(fileno(file), bytes, bytes.count) == bytes.count else { throw FileFailure(number: errno) }
    }

    deinit { fclose(file) }
}

/// Why there is no such file.
struct FileFailure: Error, CustomStringConvertible {
    let number: Int32

    var description: String { "no temporary file: \(String(cString: strerror(number)))" }
}
