import ArgumentParser
import Common
import IPVS

/// Makes the kernel's table what a file says.
struct Apply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make the kernel's table what a file says, and change nothing that is right.",
        discussion: """
            Prints what it has changed. A change that fails is told on standard error and does not keep the \
            others from being made; nothing at all is changed by a file that has an error. Applied once more, \
            the same file changes nothing. Exit status: 0 if all is as the file says, 1 if not.

            Connections live on, but for those of real servers that are deleted: --drain lets them end first.

            Examples:
              ipvsctl apply table.yaml
              ipvsctl apply table.yaml --dry-run
              ipvsctl apply table.yaml --drain 5m
              ipvsctl apply cluster.json --own 10.96.0.0/16 --own fd00:10:96::/112
            """
    )

    @OptionGroup var file: FileArgument

    @Flag(help: "Only print what would be changed.")
    var dryRun = false

    @OptionGroup var ownership: OwnershipOption

    @Option(
        help: ArgumentHelp(
            "Take what goes out of service first, and delete it when its connections have ended, or after this time.",
            discussion: """
                Real servers get a weight of 0 then, those of virtual servers that go included. All else is changed before. \
                Ctrl-C gives the weights back, and deletes nothing more.
                """,
            valueName: "time"
        ),
        transform: Duration.init(argument:)
    )
    var drain: Duration?

    @OptionGroup var namespace: NamespaceOption

    func run() async throws {
        let desired = try file.read()
        try ownership.check(desired)
        let handle = try namespace.open()
        guard !dryRun else {
            return Console.print(changes: try handle.plan(desired, owning: ownership.owns).description)
        }
        let changes =
            if let drain {
                try await apply(desired, with: handle, draining: drain)
            } else {
                Changes(reporting: try handle.apply(desired, owning: ownership.owns))
            }
        Console.print(changes.description)
        if !changes.failures.isEmpty { throw ExitCode(1) }
    }

    /// Adds and updates first, so that a virtual server which gets new real servers for old ones is never without.
    private func apply(
        _ desired: Table,
        with handle: Handle,
        draining timeout: Duration
    ) async throws -> Changes {
        let leaving = Leaving(from: try handle.table(), to: desired, owning: ownership.owns)
        var changes = Changes()
        let plan = leaving.plan
        changes.add(plan, try handle.perform(plan.batch))
        if !leaving.targets.isEmpty {
            changes.deleted += try await Draining(leaving.targets, timeout: timeout).run(with: handle).deleted
        }
        // Left are virtual servers that have no real servers by now, and whatever could not be drained.
        changes.add(try handle.apply(desired, owning: ownership.owns))
        return changes
    }
}
