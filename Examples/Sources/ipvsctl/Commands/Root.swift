import ArgumentParser
import Glibc
import IPVS

/// What the program can do beyond a command line of ipvsadm's.
struct IPVSCtl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ipvsctl",
        abstract: "Program Linux's load balancer, IPVS.",
        discussion: """
            Put your virtual servers into a file, see what it would change, and make it so:

              ipvsctl export --format yaml > table.yaml
              ipvsctl diff table.yaml
              ipvsctl apply table.yaml

            Every command line of ipvsadm works as well, such as ipvsctl -Ln; ipvsctl -h lists them. ipvsctl \
            help COMMAND tells all about a command, with examples; man ipvsctl tells the whole.
            """,
        groupedSubcommands: [
            CommandGroup(name: "Desired state", subcommands: [Export.self, Validate.self, Diff.self, Apply.self]),
            CommandGroup(name: "Operation", subcommands: [DrainCommand.self, Top.self]),
        ]
    )

    /// Whether a command line is one of these, and not one of ipvsadm's: it is its first word that tells.
    static func takes(_ words: [String]) -> Bool {
        guard let first = words.first else { return false }
        if first.hasPrefix("-") { return first.hasPrefix("--generate-completion-script") }
        // To find these out takes longer than all else that a program does before it asks the kernel.
        let names = configuration.subcommands.map { $0.configuration.commandName ?? $0._commandName }
        return (names + ["help"]).contains(first)
    }

    /// Runs a subcommand and ends the program with its exit status.
    static func main(_ arguments: [String]?) async {
        var command: any ParsableCommand = IPVSCtl()
        var status: Int32 = 0
        do {
            command = try await asyncParseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            status = report(error)
            if status != 0, command is Diff, !(error is ExitCode) { status = Diff.trouble }
        }
        if let loss = Console.loss {
            Console.fail("can't write to standard output: \(loss)")
            status = command is Diff ? Diff.trouble : max(status, 1)
        }
        Glibc.exit(status)
    }

    /// Says why a command ends, and with which exit status: 0 if it was only help that was asked for, 1 if the command
    /// failed, and 2 if its command line is wrong.
    static func report(_ error: any Error) -> Int32 {
        switch error {
        case let code as ExitCode:
            return code.rawValue
        case let error as IPVSError:
            Console.fail("\(error)")
            return 1
        case let failure as Failure:
            for sentence in failure.sentences { Console.fail(sentence) }
            return 1
        case let errors as FileErrors:
            Console.write("\(errors)\n", to: STDERR_FILENO)
            return 1
        default:
            let isClean = exitCode(for: error).isSuccess
            let message = fullMessage(for: error)
            if !message.isEmpty { Console.write("\(message)\n", to: isClean ? STDOUT_FILENO : STDERR_FILENO) }
            return isClean ? 0 : 2
        }
    }
}

/// Why a command failed, where it is not the library that says it.
struct Failure: Error {
    let sentences: [String]
}
