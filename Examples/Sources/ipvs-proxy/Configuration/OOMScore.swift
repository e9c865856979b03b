import Common
import Glibc

/// How likely the kernel ends this program if memory runs out.
enum OOMScore {
    /// Adjusts it.
    ///
    /// - Parameter value: A number from -1000, for never, to 1000.
    /// - Throws: `Failure`, as for a value that is lower than before without the capability for it.
    static func adjust(to value: Int) throws(Failure) {
        let path = "/proc/self/oom_score_adj"
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path, value) }
        defer { close(descriptor) }
        let bytes = Array("\(value)".utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count else { throw failure(path, value) }
    }

    private static func failure(_ path: String, _ value: Int) -> Failure {
        Failure("can't write \(value) to \(path): \(String(cString: strerror(errno)))")
    }
}
