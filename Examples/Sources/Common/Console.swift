import Foundation
import Glibc
import Synchronization

/// What the program says, and where.
package enum Console {
    /// The program's name, as it was called.
    private static let program = URL(filePath: CommandLine.arguments.first ?? "").lastPathComponent

    private static let lossNumber = Atomic<Int32>(0)

    /// Why something that was written to standard output did not get there; nil if all did. A command goes on without
    /// its output, as what it does may be half done.
    package static var loss: String? {
        let number = lossNumber.load(ordering: .relaxed)
        return number == 0 ? nil : String(cString: strerror(number))
    }

    /// Writes a text to a descriptor, all of it; a reader that has gone ends the program, as it would any filter.
    package static func write(_ text: String, to descriptor: Int32 = STDOUT_FILENO) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else {
                if descriptor == STDOUT_FILENO { lossNumber.store(errno, ordering: .relaxed) }
                return
            }
            rest = rest.dropFirst(max(count, 0))
        }
    }

    /// Prints a line.
    package static func print(_ line: String) { write("\(line)\n") }

    /// Says on standard error what went wrong.
    package static func fail(_ sentence: String) { write("\(program): \(sentence)\n", to: STDERR_FILENO) }

    /// Tells whoever sits before a terminal what takes so long.
    package static func note(_ sentence: String) {
        if isatty(STDERR_FILENO) == 1 { fail(sentence) }
    }

    /// Prints changes as a diff does: in colours on a terminal.
    package static func print(changes: String) {
        guard !changes.isEmpty else { return }
        let isTerminal = isatty(STDOUT_FILENO) == 1
        let isColoured = isColoured(isTerminal: isTerminal, ProcessInfo.processInfo.environment)
        print(isColoured ? coloured(changes) : changes)
    }

    /// Whether to use colours: on a terminal that has them, unless the user has set `NO_COLOR` to anything.
    package static func isColoured(isTerminal: Bool, _ environment: [String: String]) -> Bool {
        isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    /// Lines of a diff in colours: what will be is green, and what was red.
    package static func coloured(_ changes: String) -> String {
        changes.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            switch line.first {
            case "+": "\u{1b}[32m\(line)\u{1b}[0m"
            case "-": "\u{1b}[31m\(line)\u{1b}[0m"
            default: String(line)
            }
        }.joined(separator: "\n")
    }
}
