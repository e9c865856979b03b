import ArgumentParser

/// Says what is wrong with a file.
struct Validate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what is wrong with a file, without touching the kernel.",
        discussion: """
            Everything that is wrong is told on standard error, each as FILE:LINE: FIELD: sentence. A file that \
            is good gives no output. Exit status: 0 if it is good, 1 if it is not.

            Schedulers and persistence engines are modules of the kernel, so their names are not checked.

            Example:
              ipvsctl validate table.yaml && ipvsctl apply table.yaml
            """
    )

    @OptionGroup var file: FileArgument

    func run() throws { _ = try file.read() }
}
