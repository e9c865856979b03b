import ArgumentParser
import Common
import IPVS

extension NamespaceOption {
    func open() throws(IPVSError) -> Handle {
        if let namespace { try Handle(namespace: namespace) } else { try Handle() }
    }
}

/// A file with a table.
struct FileArgument: ParsableArguments {
    @Argument(help: "The file with the table; - is standard input.", completion: .file())
    var file: String

    @Option(
        help: ArgumentHelp(
            "The format of the file.",
            discussion: """
                The default follows from the file name: .json; .yaml or .yml; .ipvsadm, .rules or .save. Otherwise it \
                follows from the content.
                """
        )
    )
    var format: Format?

    func read() throws(FileErrors) -> Table { try TableFile(path: file, format: format).read() }
}

extension Duration {
    /// Reads a duration from a command line: `90`, which is seconds, or with a unit, `500ms`, `30s`, `5m`, `1h`.
    init(argument: String) throws(ValidationError) {
        let digits = argument.prefix { $0.isASCII && $0.isWholeNumber }
        let units: [Substring: Int64] = ["ms": 1, "": 1_000, "s": 1_000, "m": 60_000, "h": 3_600_000]
        guard !digits.isEmpty, let unit = units[argument.dropFirst(digits.count)] else {
            throw ValidationError("it must be seconds, or a number with a unit: 500ms, 30s, 5m or 1h")
        }
        guard let number = Int64(digits), number <= 1_000_000_000 else {
            throw ValidationError("the number must not be greater than 1000000000")
        }
        self = .milliseconds(number * unit)
    }
}
