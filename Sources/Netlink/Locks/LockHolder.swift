import CNetlinkShim

/// The process that holds a lock.
public struct LockHolder: Hashable, Sendable {
    /// Its process ID; nil if it is in a PID namespace that the caller can't see.
    public let pid: Int32?

    /// The user that it ran as when it took the lock.
    let user: UInt32

    init(pid: Int32?, user: UInt32) { (self.pid, self.user) = (pid, user) }

    /// The process that listens at the other end of a connection.
    init(listeningTo connection: FileDescriptor) throws(SystemError) {
        var (pid, user): (Int32, UInt32) = (0, 0)
        let result = unsafe cnetlink_peer(connection.number, &pid, &user)
        guard result >= 0 else { throw SystemError(errno: -result, call: .socketOption) }
        self.init(pid: pid > 0 ? pid : nil, user: user)
    }

    /// Whether it may administer the caller's network: whether it has `CAP_NET_ADMIN`, in the caller's user namespace. Where
    /// that can't be determined, root may, and so may the caller's own user.
    ///
    /// Any process can take the address of a lock. Those that may not change what the lock protects must not keep others
    /// from it.
    var isPrivileged: Bool {
        if let pid, let now = Status(of: pid), let isSame = Self.sharesUserNamespace(with: pid) {
            // A user can start a program as another one, such as su. What that may do says nothing about the user, whose
            // process keeps the address.
            return isSame && now.isAdministrator && (user == 0 || user == now.user)
        }
        return user == 0 || user == geteuid()
    }

    /// What a process may do now.
    private struct Status {
        /// The user that it runs as.
        var user: UInt32?

        /// Whether it has `CAP_NET_ADMIN`.
        let isAdministrator: Bool

        /// The state of a process; nil if it can't be read.
        init?(of pid: Int32) {
            var capabilities: UInt64?
            for line in LockHolder.text(of: pid, "status").split(separator: "\n") {
                let words = line.split(separator: "\t")
                switch words.first {
                // The real user is before the effective one.
                case "Uid:" where words.count > 2: user = UInt32(words[2])
                case "CapEff:" where words.count == 2: capabilities = UInt64(words[1], radix: 16)
                default: break
                }
            }
            guard let capabilities else { return nil }
            isAdministrator = capabilities >> 12 & 1 == 1
        }
    }

    /// Whether a process is in the caller's user namespace; nil if that can't be determined.
    private static func sharesUserNamespace(with pid: Int32) -> Bool? {
        var (own, other) = (stat(), stat())
        guard unsafe stat("/proc/self/ns/user", &own) == 0, unsafe stat("/proc/\(pid)/ns/user", &other) == 0 else {
            return nil
        }
        return own.st_dev == other.st_dev && own.st_ino == other.st_ino
    }

    /// Whether the processes in `/proc` have the numbers that they have for this one. It can show those of another PID
    /// namespace, where other processes have them.
    private static var hasOwnNumbers: Bool {
        var name = [CChar](repeating: 0, count: 16)
        let count = unsafe readlink("/proc/self", &name, name.count)
        guard count > 0 else { return false }
        return Int32(String(decoding: name[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)) == getpid()
    }

    /// The first part of a file of a process; empty if it can't be read.
    private static func text(of pid: Int32, _ name: String) -> String {
        guard hasOwnNumbers else { return "" }
        do throws(SystemError) {
            let file = try FileDescriptor(opening: "/proc/\(pid)/\(name)", O_RDONLY)
            defer { file.close() }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = try unsafe buffer.withUnsafeMutableBufferPointer { (bytes) throws(SystemError) in
                try unsafe file.read(into: UnsafeMutableRawBufferPointer(bytes))
            }
            return String(decoding: buffer[..<count], as: UTF8.self)
        } catch {
            return ""
        }
    }
}

extension LockHolder: CustomStringConvertible {
    /// The process in words: `process 4711 (ipvsctl)`.
    public var description: String {
        guard let pid else { return "a process in a PID namespace that is not visible from here" }
        // A process chooses its name itself.
        let name = Self.text(of: pid, "comm").unicodeScalars.filter { $0.isASCII && (" "..."~").contains($0) }
        return name.isEmpty ? "process \(pid)" : "process \(pid) (\(String(String.UnicodeScalarView(name))))"
    }
}
