import Foundation
import IPVSTestKernel
import Synchronization
import Testing

/// A tmux terminal with a shell, which ends with this object.
final class Tmux {
    /// Why tmux can't be used; nil if it can.
    static let hindrance: String? = {
        do {
            _ = try Tmux(width: 80, height: 24)
            return nil
        } catch {
            return "\(error)"
        }
    }()

    private static let count = Mutex(0)

    private let socket: String

    /// A separate process, as a process that Foundation starts can't leave another one running.
    private let server = Process()

    init(width: Int, height: Int) throws {
        let number = Self.count.withLock { count in
            count += 1
            return count
        }
        socket = "ipvsctl-test-\(getpid())-\(number)"
        server.executableURL = URL(filePath: "/usr/bin/env")
        server.arguments = ["tmux", "-u", "-D", "-L", socket, "-f", "/dev/null"]
        server.standardInput = FileHandle.nullDevice
        server.standardOutput = FileHandle.nullDevice
        server.standardError = FileHandle.nullDevice
        try Self.withAllSignals { try server.run() }
        let deadline = ContinuousClock.now + .seconds(300)
        while true {
            do {
                // The simplest shell, which doesn't change how the terminal reads lines.
                try tmux("new-session", "-d", "-x", "\(width)", "-y", "\(height)", "sh")
                return
            } catch {
                guard server.isRunning, ContinuousClock.now < deadline else { throw error }
                usleep(50_000)
            }
        }
    }

    deinit {
        // It may have ended by itself. Only its end matters, not the result of the command.
        _ = try? tmux("kill-server")
        server.waitUntilExit()
    }

    /// A process inherits the blocked signals of the thread that starts it, and the threads of tests block nearly all.
    private static func withAllSignals(_ body: () throws -> Void) rethrows {
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try body()
    }

    @discardableResult
    private func tmux(_ arguments: String...) throws -> String {
        let result = try TestProcess.run(["tmux", "-u", "-N", "-L", socket] + arguments)
        guard result.status == 0 else {
            throw TestFailure("tmux \(arguments.joined(separator: " ")): \(result.stderr)")
        }
        return result.stdout
    }

    /// Types a line.
    func type(_ line: String) throws {
        try tmux("send-keys", "-l", line)
        try tmux("send-keys", "Enter")
    }

    /// Presses a key, by its name in tmux.
    func press(_ key: String) throws { try tmux("send-keys", key) }

    func resize(width: Int, height: Int) throws { try tmux("resize-window", "-x", "\(width)", "-y", "\(height)") }

    func screen() throws -> String { try tmux("capture-pane", "-p") }

    /// The screen with its color sequences.
    func styledScreen() throws -> String { try tmux("capture-pane", "-p", "-e") }

    /// Whether a program uses the alternate screen.
    func isOnOtherScreen() throws -> Bool { try value("alternate_on") == "1" }

    /// The terminal's settings, except for its size.
    func settings() throws -> String {
        let result = try TestProcess.run(["stty", "-a", "-F", try value("pane_tty")])
        guard result.status == 0 else { throw TestFailure("stty: \(result.stderr)") }
        return result.stdout.split(separator: "\n").dropFirst().joined(separator: "\n")
    }

    /// The process that the shell has started.
    func program() throws -> Int32 {
        let shell = try value("pane_pid")
        let children = try String(contentsOfFile: "/proc/\(shell)/task/\(shell)/children", encoding: .utf8)
        return try #require(children.split(separator: " ").first.flatMap { Int32($0) })
    }

    private func value(_ name: String) throws -> String {
        try tmux("display-message", "-p", "#{\(name)}").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Waits for the end of a program whose status the shell prints, and expects the terminal to be restored.
    func expectEnd(status: Int32, settings before: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        try eventually(
            { try screen().contains("\nstatus \(status)\n") && !isOnOtherScreen() },
            sourceLocation: sourceLocation
        )
        #expect(try value("cursor_flag") == "1", sourceLocation: sourceLocation)
        #expect(try settings() == before, sourceLocation: sourceLocation)
    }
}
