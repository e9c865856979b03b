import ArgumentParser

/// Reports the errors in a file.
struct Validate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Report all errors in a file, without using the kernel.",
        discussion: """
            Each error is reported on standard error as FILE:LINE: FIELD: sentence. If the file is valid, nothing is \
            printed. Exit status: 0 if the file is valid, 1 if not.

            Schedulers and persistence engines are kernel modules, so their names are not checked.

            Example:
              ipvsctl validate table.yaml && ipvsctl apply table.yaml
            """
    )

    @OptionGroup var file: FileArgument

    func run() throws { _ = try file.read() }
}
