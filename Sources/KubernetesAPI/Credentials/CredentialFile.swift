import Glibc

/// A file that is read again when it changes.
struct CredentialFile {
    let path: String
    private var last: (signature: Signature, bytes: [UInt8])?

    init(_ path: String) { self.path = path }

    /// What the file has now.
    mutating func bytes() throws(ClientConfigurationError) -> [UInt8] {
        let signature = Signature(path)
        if let last, let signature, last.signature == signature { return last.bytes }
        let bytes = try Self.read(path)
        // The signature is older than the bytes, so a change between the two is seen the next time.
        last = signature.map { ($0, bytes) }
        return bytes
    }

    /// Reads a whole file, which may be a pipe.
    static func read(_ path: String) throws(ClientConfigurationError) -> [UInt8] {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure(path) }
        defer { close(file) }
        var bytes: [UInt8] = []
        while true {
            var count = 0
            let chunk = unsafe [UInt8](unsafeUninitializedCapacity: 16384) { buffer, size in
                count = unsafe Glibc.read(file, buffer.baseAddress, buffer.count)
                size = max(0, count)
            }
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(path)
            }
            bytes += chunk
            guard bytes.count <= limit else {
                throw ClientConfigurationError("can't read \(path.visible): it is larger than \(limit >> 20) MiB")
            }
        }
    }

    private static let limit = 16 << 20

    private static func failure(_ path: String) -> ClientConfigurationError {
        ClientConfigurationError("can't read \(path.visible): \(errorText(errno))")
    }

    /// What changes when a file is written or replaced.
    private struct Signature: Equatable {
        let device: UInt
        let inode: UInt
        let size: Int
        let modified: (seconds: Int, nanoseconds: Int)

        init?(_ path: String) {
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { return nil }
            device = status.st_dev
            inode = status.st_ino
            size = status.st_size
            modified = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
        }

        static func == (left: Self, right: Self) -> Bool {
            left.device == right.device && left.inode == right.inode && left.size == right.size
                && left.modified == right.modified
        }
    }
}

/// The kernel's words for an error number.
func errorText(_ number: CInt) -> String { unsafe String(cString: strerror(number)) }

extension CredentialFile {
    /// Whether there is a file at a path.
    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }
}
