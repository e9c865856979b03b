import ArgumentParser
import IPVS

/// Where the table is.
struct NamespaceOption: ParsableArguments {
    @Option(
        name: .customLong("netns"),
        help: ArgumentHelp(
            "The network namespace, by a file that stands for it, a process in it, or its name in ip netns.",
            discussion: "Digits are a process, and what has no slash a name. Without it: the one that ipvsctl is in.",
            valueName: "path|pid|name"
        ),
        transform: NetworkNamespace.init(argument:)
    )
    var namespace: NetworkNamespace?

    func open() throws(IPVSError) -> Handle {
        if let namespace { try Handle(namespace: namespace) } else { try Handle() }
    }
}

extension NetworkNamespace {
    /// The namespace that a user means: by digits that of a process, by a slash a file, else by a name.
    init(argument: String) throws(ValidationError) {
        guard !argument.isEmpty else { throw ValidationError("it is empty") }
        if argument.contains("/") {
            self = .path(argument)
        } else if argument.hasOnlyDigits {
            guard let pid = Int32(argument) else { throw ValidationError("no process has such a number") }
            self = .process(pid)
        } else {
            self = .named(argument)
        }
    }
}

/// A file with a table.
struct FileArgument: ParsableArguments {
    @Argument(help: "The file with the table; - is standard input.", completion: .file())
    var file: String

    @Option(
        help: ArgumentHelp(
            "The file's form.",
            discussion: """
                Without it the name tells it: .json; .yaml or .yml; .ipvsadm, .rules or .save. If the name does not, \
                the content does.
                """
        )
    )
    var format: Format?

    func read() throws(FileErrors) -> Table { try TableFile(path: file, format: format).read() }
}

extension String {
    /// Whether there is nothing in it but the digits 0 to 9.
    var hasOnlyDigits: Bool { allSatisfy { $0.isASCII && $0.isWholeNumber } }
}

extension Duration {
    /// A duration as a user writes it: `90`, which is seconds, or with a unit, `500ms`, `30s`, `5m`, `1h`.
    init(argument: String) throws(ValidationError) {
        let digits = argument.prefix { $0.isASCII && $0.isWholeNumber }
        let units: [Substring: Int64] = ["ms": 1, "": 1_000, "s": 1_000, "m": 60_000, "h": 3_600_000]
        guard let number = Int64(digits), number <= 1_000_000_000, let unit = units[argument.dropFirst(digits.count)]
        else {
            throw ValidationError("it must be seconds, or a number with a unit: 500ms, 30s, 5m or 1h")
        }
        self = .milliseconds(number * unit)
    }
}
