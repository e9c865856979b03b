import Foundation
import Glibc
import Synchronization

/// The program's output.
package enum Console {
    /// The program's name in the command line.
    private static let program = Startup.arguments.first?.split(separator: "/").last.map(String.init) ?? "error"

    private static let lossNumber = Atomic<Int32>(0)

    /// The reason why output to standard output was lost, or nil if none was. A command continues without its output,
    /// so as not to stop halfway.
    package static var loss: String? {
        let number = lossNumber.load(ordering: .relaxed)
        return number == 0 ? nil : String(cString: strerror(number))
    }

    /// Writes a whole text to a file descriptor. If the reader of a pipe is gone, the program ends, as usual.
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

    /// Reports an error on standard error.
    package static func fail(_ sentence: String) { report("\(program): \(sentence.visible(upTo: longestLine))") }

    /// Reports errors on standard error, the first of many.
    package static func fail(_ sentences: [String]) { for line in Several(sentences).lines(\.self) { fail(line) } }

    /// Writes lines to standard error as they are, except for control characters and what no message needs.
    package static func report(_ lines: String) {
        let lines = lines.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        write(lines.map { "\(Substring($0).visible(upTo: longestLine))\n" }.joined(), to: STDERR_FILENO)
    }

    /// The number of characters that a line of a report has at most.
    package static let longestLine = 1_000

    /// Prints a note on standard error if it is a terminal.
    package static func note(_ sentence: String) {
        if isatty(STDERR_FILENO) == 1 { fail(sentence) }
    }

    /// Prints changes like a diff, with colors on a terminal.
    package static func print(changes: String) {
        guard !changes.isEmpty else { return }
        let isTerminal = isatty(STDOUT_FILENO) == 1
        let isColoured = isColoured(isTerminal: isTerminal, ProcessInfo.processInfo.environment)
        print(isColoured ? coloured(changes) : changes)
    }

    /// Whether to use colors: on a terminal that supports them, unless `NO_COLOR` is set.
    package static func isColoured(isTerminal: Bool, _ environment: [String: String]) -> Bool {
        isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    /// The lines of a diff with colors: additions are green, and deletions red.
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
