import ArgumentParser
import Common
import Glibc
import IPVS

/// The subcommands, which go beyond the command lines of ipvsadm.
struct IPVSCtl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ipvsctl",
        abstract: "Program IPVS, the Linux load balancer.",
        discussion: """
            Write your virtual servers to a file, preview the changes, and apply them:

              ipvsctl export --output table.yaml
              ipvsctl diff table.yaml
              ipvsctl apply table.yaml

            Command lines of ipvsadm work too, such as ipvsctl -Ln; ipvsctl -h lists them. ipvsctl help COMMAND \
            explains a command, with examples; see also the manual page ipvsctl(8).
            """,
        groupedSubcommands: [
            CommandGroup(name: "Desired state", subcommands: [Export.self, Validate.self, Diff.self, Apply.self]),
            CommandGroup(name: "Operation", subcommands: [DrainCommand.self, Top.self]),
        ]
    )

    /// Whether a command line has a subcommand, which is its first word, and is not one of ipvsadm.
    static func takes(_ words: [String]) -> Bool {
        guard let first = words.first else { return false }
        if first.hasPrefix("-") { return first.hasPrefix("--generate-completion-script") }
        // Determining these takes longer than everything else that the program does before its first request to the
        // kernel.
        let names = configuration.subcommands.map { $0.configuration.commandName ?? $0._commandName }
        return (names + ["help"]).contains(first)
    }

    /// Why an invalid command line has neither a subcommand nor a command of ipvsadm; nil if it has one, or an error of
    /// its own.
    static func refusal(of words: [String]) -> String? {
        guard let first = words.first, !first.hasPrefix("-") else { return nil }
        return noSubcommand(first)
    }

    private static func noSubcommand(_ word: String) -> String {
        let names = configuration.subcommands.map { $0.configuration.commandName ?? $0._commandName } + ["help"]
        let hint =
            word.nearest(of: names).map { "did you mean \($0)?" }
            ?? "there are \(names.joined(separator: ", ")), and the commands of ipvsadm, such as -L"
        return "there is no subcommand \(word.quoted); \(hint)"
    }

    /// The parser shows the general help for any word behind `help`.
    private static func checkHelp(_ words: [String]) throws(Usage) {
        guard words.first == "help", let subject = words.dropFirst().first(where: { !$0.hasPrefix("-") }) else {
            return
        }
        guard takes([subject]) else { throw Usage(sentence: noSubcommand(subject)) }
    }

    /// An invalid command line.
    private struct Usage: Error { let sentence: String }

    /// Runs a subcommand and ends the program with its exit status.
    static func main(_ arguments: [String]) async {
        var command: any ParsableCommand = IPVSCtl()
        var status: Int32 = 0
        do {
            try checkHelp(arguments)
            command = try await asyncParseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            status = report(error, arguments)
            if status != 0, command is Diff, !(error is ExitCode) { status = Diff.trouble }
        }
        if let loss = Console.loss {
            Console.fail("can't write to standard output: \(loss)")
            status = command is Diff ? Diff.trouble : max(status, 1)
        }
        Glibc.exit(status)
    }

    /// Reports why a command ended, and returns the exit status: 0 if only help was requested, 1 if the command failed,
    /// and 2 if the command line is invalid.
    static func report(_ error: any Error, _ words: [String]) -> Int32 {
        switch error {
        case let code as ExitCode:
            return code.rawValue
        case let error as IPVSError:
            Console.fail("\(error)")
            return 1
        case let failure as Failure:
            Console.fail(failure.sentences)
            return 1
        case let usage as Usage:
            Console.fail(usage.sentence)
            return 2
        case let errors as FileErrors:
            Console.report("\(errors)")
            return 1
        default:
            return ParserMessage.report(fullMessage(for: error), words, isError: !exitCode(for: error).isSuccess)
        }
    }
}
