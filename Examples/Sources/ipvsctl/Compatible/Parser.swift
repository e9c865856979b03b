import Common
import IPVS

extension Compatible {
    /// Where a line stands, which decides what it may say.
    enum Dialect: Hashable, Sendable {
        /// On the command line, where ipvsadm's rules are ours.
        case commandLine

        /// In a saved table or before `-R`. It may say all that a kernel's table can hold, also what ipvsadm writes
        /// there itself but refuses to read, or reads as something else: ``Compatible/differences`` has the list.
        case saved
    }

    /// Reads command lines of ipvsadm 1.31. Nothing is done, and but for names nothing is asked of the system.
    struct Parser: Sendable {
        var names = Names.system
        var dialect = Dialect.commandLine

        /// Reads the words of a line, without the program's name.
        func parse(_ words: [String]) throws(UsageError) -> Line {
            var scanner = Scanner(words, dialect)
            var draft = Draft(names: names, dialect: dialect)
            guard !words.isEmpty, let command = try command(&scanner, &draft) else {
                return Line(command: .list(.table, draft.format), namespace: draft.namespace)
            }
            switch command {
            case .help: return Line(command: .help, namespace: draft.namespace)
            case .version: return Line(command: .version, namespace: draft.namespace)
            default: break
            }
            while let occurrence = try scanner.next() {
                guard !occurrence.option.isCommand else {
                    throw UsageError(
                        "\(occurrence.option.name) is a command as \(command.name) is, and a line has but one"
                    )
                }
                try draft.take(occurrence)
            }
            draft.arguments = scanner.arguments
            return try draft.line(command)
        }

        /// The command, which is the first option but for those that say where and how; nil for a line without any.
        private func command(_ scanner: inout Scanner, _ draft: inout Draft) throws(UsageError) -> Option? {
            do throws(UsageError) {
                while let occurrence = try scanner.next() {
                    if occurrence.option.isCommand {
                        try draft.begin(occurrence)
                        return occurrence.option
                    }
                    guard occurrence.option == .namespace || occurrence.option == .json else {
                        throw UsageError(
                            "a line begins with a command such as --list; \(occurrence.option.name) is none"
                        )
                    }
                    try draft.take(occurrence)
                }
            } catch {
                throw UsageError(error.description)
            }
            if let argument = scanner.arguments.first {
                throw UsageError("a line begins with a command such as --list; \(argument.quoted) is none")
            }
            guard draft.isEmpty else { return nil }
            throw UsageError("a line begins with a command such as --list")
        }
    }
}
