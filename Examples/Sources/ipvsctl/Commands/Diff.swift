import ArgumentParser
import Common
import IPVS

/// Shows what applying a file would change.
struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show how the kernel's table differs from a file.",
        discussion: """
            Lines that begin with - are only in the kernel's table, and lines that begin with + are only in the \
            file. Exit status, as with diff: 0 if there is no difference, 1 if there is one, 2 if something failed.

            Examples:
              ipvsctl diff table.yaml
              ipvsctl diff --own 10.96.0.0/16 table.yaml || echo "somebody has changed our services"
            """
    )

    /// The exit status for failures, as 1 means that there is a difference.
    static let trouble: Int32 = 2

    @OptionGroup var file: FileArgument
    @OptionGroup var ownership: OwnershipOption
    @OptionGroup var namespace: NamespaceOption

    func run() throws {
        let desired = try file.read()
        try ownership.check(desired)
        let plan = try namespace.open().plan(desired, owning: ownership.owns)
        Console.print(changes: plan.description)
        if !plan.isEmpty { throw ExitCode(1) }
    }
}
