package import ArgumentParser
package import IPVS

/// Where the table is.
package struct NamespaceOption: ParsableArguments {
    @Option(
        name: .customLong("netns"),
        help: ArgumentHelp(
            "The network namespace, by a file that stands for it, a process in it, or its name in ip netns.",
            discussion: "Digits are a process, and what has no slash a name. Without it: that of the program itself.",
            valueName: "path|pid|name"
        ),
        transform: NetworkNamespace.init(argument:)
    )
    package var namespace: NetworkNamespace?

    package init() {}
}

extension NetworkNamespace {
    /// The namespace that a user means: by digits that of a process, by a slash a file, else by a name.
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
