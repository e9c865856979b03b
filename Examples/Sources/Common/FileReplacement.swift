import Glibc

/// Replaces the contents of files atomically: readers find the old or the new text, also after a crash.
package enum FileReplacement {
    /// Replaces a file, or creates it. What is no regular file, such as a terminal, is written to.
    ///
    /// A symbolic link stays, and the file that it leads to is replaced. Its permissions stay too, and its owner if this
    /// process is root.
    ///
    /// - Parameters:
    ///   - text: The new contents.
    ///   - path: The path of the file.
    /// - Throws: `FileError`; then the file is as it was.
    package static func write(_ text: String, to path: String) throws(FileError) {
        var status = stat()
        let exists = stat(path, &status) == 0
        if exists, status.st_mode & S_IFMT != S_IFREG {
            let descriptor = open(path, O_WRONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw failure() }
            return try write(text, to: descriptor)
        }
        var target = path
        if exists, let resolved = realpath(path, nil) {
            target = String(cString: resolved)
            free(resolved)
        }
        let temporary = "\(target).\(getpid()).new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure() }
        do throws(FileError) {
            if exists {
                guard fchmod(descriptor, status.st_mode & 0o7777) == 0 else { throw failure() }
                // Only root can change the owner. For others the new file belongs to the user of this process.
                _ = fchown(descriptor, status.st_uid, status.st_gid)
            }
            try write(text, to: descriptor)
            guard rename(temporary, target) == 0 else { throw failure() }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Writes a text to a descriptor, and closes it.
    private static func write(_ text: String, to descriptor: Int32) throws(FileError) {
        var error: FileError?
        var rest = Array(text.utf8)[...]
        while error == nil, !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR { error = failure() }
            rest = rest.dropFirst(max(count, 0))
        }
        // What is no file can't be synced.
        if error == nil, fsync(descriptor) != 0, errno != EINVAL, errno != EROFS { error = failure() }
        if close(descriptor) != 0, error == nil, errno != EINTR { error = failure() }
        if let error { throw error }
    }

    private static func failure() -> FileError { FileError(reason: String(cString: strerror(errno))) }
}
