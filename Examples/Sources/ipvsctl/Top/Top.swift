import ArgumentParser
import Common
import Foundation
import Glibc
import IPVS

/// Shows rates of virtual and real servers.
struct Top: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Show virtual and real servers with their rates.",
        discussion: """
            A letter sorts by a column: n name, w weight, a active and i inactive connections, c new connections, \
            p and P packets, b and B bytes to and from the real servers. The left and right arrow keys also select a \
            column. r reverses the order; the other arrow keys, Page Up and Page Down scroll; q quits.

            If standard output is not a terminal, each update is printed as a block of lines. NO_COLOR disables colors.

            The kernel updates its counters every two seconds. A rate is that of the last two seconds, or with an \
            interval of four seconds or more, that of the interval. The first update shows the kernel's own estimate.

            Examples:
              ipvsctl top
              ipvsctl top --sort bytes-in --interval 1
              ipvsctl top --netns blue --count 10 > rates.txt
            """
    )

    @Option(
        help: ArgumentHelp("The time between two updates: 1, 500ms, 1m. (default: 2s)", valueName: "time"),
        transform: Duration.init(argument:)
    )
    var interval = Duration.seconds(2)

    @Option(
        help: ArgumentHelp("The number of updates. (default: until q)", valueName: "number"),
        transform: { (text) throws(ValidationError) in
            guard let count = Int(text), count > 0 else { throw ValidationError("it must be a number of at least 1") }
            return count
        }
    )
    var count: Int?

    @Option(help: ArgumentHelp("The column to sort by.", valueName: "column"))
    var sort = Column.connections

    @OptionGroup var namespace: NamespaceOption

    func validate() throws {
        guard interval >= .milliseconds(100) else { throw ValidationError("--interval must be at least 100ms") }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        var watch = Watch(try namespace.open(), View(column: sort), interval: interval, count: count)
        if isatty(STDOUT_FILENO) == 1, environment["TERM"] ?? "dumb" != "dumb" {
            await watch.show(on: Terminal(isColoured: Console.isColoured(isTerminal: true, environment)))
        } else {
            try await watch.print()
        }
    }
}
