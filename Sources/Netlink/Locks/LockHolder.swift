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
        if let pid, let capabilities = Self.capabilities(of: pid), let isSame = Self.sharesUserNamespace(with: pid) {
            return isSame && capabilities >> Self.netAdmin & 1 == 1
        }
        return user == 0 || user == geteuid()
    }

    /// `CAP_NET_ADMIN`.
    private static let netAdmin: UInt64 = 12

    /// The effective capabilities of a process; nil if they can't be read.
    private static func capabilities(of pid: Int32) -> UInt64? {
        for line in text("/proc/\(pid)/status").split(separator: "\n") where line.hasPrefix("CapEff:\t") {
            return UInt64(line.dropFirst("CapEff:\t".count), radix: 16)
        }
        return nil
    }

    /// Whether a process is in the caller's user namespace; nil if that can't be determined.
    private static func sharesUserNamespace(with pid: Int32) -> Bool? {
        var (own, other) = (stat(), stat())
        guard unsafe stat("/proc/self/ns/user", &own) == 0, unsafe stat("/proc/\(pid)/ns/user", &other) == 0 else {
            return nil
        }
        return own.st_dev == other.st_dev && own.st_ino == other.st_ino
    }

    /// The first part of a file of `/proc`; empty if it can't be read.
    private static func text(_ path: String) -> String {
        do throws(SystemError) {
            let file = try FileDescriptor(opening: path, O_RDONLY)
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
        let name = Self.text("/proc/\(pid)/comm").unicodeScalars.filter { $0.isASCII && (" "..."~").contains($0) }
        return name.isEmpty ? "process \(pid)" : "process \(pid) (\(String(String.UnicodeScalarView(name))))"
    }
}
