import ArgumentParser
import Common
import Foundation
import Glibc
import IPVS

/// Watches what the servers do.
struct Top: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Watch virtual and real servers with their rates.",
        discussion: """
            A letter sorts by a column: n name, w weight, a active and i inactive connections, c new connections, \
            p and P packets, b and B bytes to and from the real servers; so do the arrows to the left and right. \
            r reverses the order; the other arrows, Page Up and Page Down scroll; q quits.

            If standard output is not a terminal, each look is a block of lines. NO_COLOR keeps colours away.

            The kernel adds to its counters every two seconds. A rate is what it has added, so that of the latest two \
            seconds; with an interval of four seconds or more, that of the interval. The first look, which has none \
            before it, shows the kernel's own estimate.

            Examples:
              ipvsctl top
              ipvsctl top --sort bytes-in --interval 1
              ipvsctl top --netns blue --count 10 > rates.txt
            """
    )

    @Option(
        help: ArgumentHelp("How long to wait between two looks: 1, 500ms, 1m. (default: 2s)", valueName: "time"),
        transform: Duration.init(argument:)
    )
    var interval = Duration.seconds(2)

    @Option(help: ArgumentHelp("How many looks to take. (default: until q)", valueName: "number"))
    var count: Int?

    @Option(help: ArgumentHelp("The column to sort by.", valueName: "column"))
    var sort = Column.connections

    @OptionGroup var namespace: NamespaceOption

    func validate() throws {
        guard interval >= .milliseconds(100) else { throw ValidationError("--interval must be at least 100ms") }
        guard count ?? 1 > 0 else { throw ValidationError("--count must be at least 1") }
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
