package import ArgumentParser
package import IPVS

/// The network namespace of the table.
package struct NamespaceOption: ParsableArguments {
    @Option(
        name: .customLong("netns"),
        help: ArgumentHelp(
            "The network namespace: a path, the PID of a process, or a name of ip netns.",
            discussion: "Digits are a PID, and another value without a slash is a name. Default: the program's own.",
            valueName: "path|pid|name"
        ),
        transform: NetworkNamespace.init(argument:)
    )
    package var namespace: NetworkNamespace?

    package init() {}
}

extension NetworkNamespace {
    /// Reads a namespace: digits are a PID, a value with a slash is a path, and everything else is a name.
    package init(argument: String) throws(ValidationError) {
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
