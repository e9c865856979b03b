import Glibc
import IPVSTestKernel

/// A program that was run in a network namespace.
struct Spawned: Equatable {
    let status: Int32
    let output: String
    let complaint: String

    static let ipvsadm = "/usr/sbin/ipvsadm"

    var hasSucceeded: Bool { status == 0 }

    /// Runs a line with the built program.
    static func ipvsctl(_ words: [String], in namespace: TestNamespace, input: String = "") throws -> Spawned {
        try run([Program.path] + words, in: namespace, input: input)
    }

    /// Runs a program in a namespace and waits for its end.
    ///
    /// The thread that starts it enters the namespace, which is many times faster than `ip netns exec`.
    static func run(_ command: [String], in namespace: TestNamespace, input: String = "") throws -> Spawned {
        let descriptor = namespace.descriptor
        return try onThread {
            guard enterNamespace(descriptor) == 0 else { throw TestFailure("setns: \(errno)") }
            return try run(command, input: input)
        }
    }

    private static func run(_ command: [String], input: String) throws -> Spawned {
        // Files, not pipes, so that nobody has to read while it runs.
        let files = try (0..<3).map { _ in try temporaryFile() }
        defer { for file in files { close(file) } }
        let bytes = Array(input.utf8)
        guard write(files[0], bytes, bytes.count) == bytes.count else { throw TestFailure("write: \(errno)") }
        lseek(files[0], 0, SEEK_SET)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, file) in files.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, file, Int32(target))
        }
        var pid: pid_t = 0
        var words = command.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        let result = posix_spawn(&pid, command[0], &actions, nil, &words, environ)
        guard result == 0 else { throw TestFailure("\(command[0]) can't be started: \(result)") }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 {
            guard errno == EINTR else { throw TestFailure("waitpid: \(errno)") }
        }
        // Like a shell: the signal's number plus 128.
        let code = status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
        return Spawned(status: code, output: try text(of: files[1]), complaint: try text(of: files[2]))
    }

    private static func temporaryFile() throws -> Int32 {
        var name = Array("/tmp/ipvsctl-test.XXXXXX".utf8CString)
        let descriptor = mkstemp(&name)
        guard descriptor >= 0 else { throw TestFailure("mkstemp: \(errno)") }
        unlink(name)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return descriptor
    }

    private static func text(of descriptor: Int32) throws -> String {
        let size = Int(lseek(descriptor, 0, SEEK_END))
        lseek(descriptor, 0, SEEK_SET)
        var bytes = [UInt8](repeating: 0, count: size)
        guard read(descriptor, &bytes, size) == size else { throw TestFailure("read: \(errno)") }
        return String(decoding: bytes, as: UTF8.self)
    }
}
