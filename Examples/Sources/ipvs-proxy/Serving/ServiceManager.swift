import Common
import Glibc
import IPVSProxy
import Logging
import ServiceLifecycle

/// Tells systemd what the program does, by the protocol of sd_notify(3).
struct ServiceManager: Sendable {
    private let path: String

    /// Nil unless the program was started by a service manager that wants to know.
    ///
    /// - Parameter environment: The variables of the environment.
    init?(environment: [String: String]) {
        // The kernel's limit. Others than paths and abstract names are for virtual machines.
        guard let path = environment["NOTIFY_SOCKET"], ["/", "@"].contains(path.first), path.utf8.count < 108 else {
            return nil
        }
        self.path = path
    }

    /// Sends assignments such as `READY=1`.
    ///
    /// - Throws: `Failure` if nobody receives them.
    func tell(_ assignments: String) throws(Failure) {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure() }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        // An abstract name begins with a NUL character and has no end.
        if path.first == "@" { address.sun_path.0 = 0 }
        let length = MemoryLayout<sa_family_t>.size + path.utf8.count
        let text = Array(assignments.utf8)
        let count = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                sendto(descriptor, text, text.count, Int32(MSG_NOSIGNAL), address, socklen_t(length))
            }
        }
        guard count == text.count else { throw failure() }
    }

    private func failure() -> Failure { Failure("can't notify \(path): \(String(cString: strerror(errno)))") }
}

/// Says when the program is ready, which is after the first sync, and when it ends.
struct Readiness: Service {
    let manager: ServiceManager
    let logger: Logger

    /// Whether the kernel has been synced.
    let isReady: @Sendable () async -> Bool

    func run() async {
        while await !isReady() {
            guard await sleepUntilShutdown(for: .milliseconds(100)) else { return tell("STOPPING=1") }
        }
        tell("READY=1")
        // It fails if the task is cancelled, which ends it too.
        try? await gracefulShutdown()
        tell("STOPPING=1")
    }

    private func tell(_ assignments: String) {
        do throws(Failure) {
            try manager.tell(assignments)
        } catch {
            for sentence in error.sentences { logger.warning("\(sentence)") }
        }
    }
}
