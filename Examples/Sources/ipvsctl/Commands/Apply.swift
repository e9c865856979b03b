import ArgumentParser
import Common
import IPVS

/// Makes the kernel's table match a file.
struct Apply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make the kernel's table match a file, changing only what differs.",
        discussion: """
            Prints the changes. A change that fails is reported on standard error and doesn't stop the others. If \
            the file has an error, nothing is changed. Applying the same file again changes nothing. Exit status: \
            0 if the table matches the file, 1 if not.

            Commands that change the whole table take turns: apply and -R wait for each other and for drains. Programs that don't, \
            such as ipvsadm, can change the table at the same time. It is compared with the file in the end, and \
            differences that are left are reported.

            Real servers that are deleted lose their connections; with --drain, these can end first. All other \
            connections survive.

            Examples:
              ipvsctl apply table.yaml
              ipvsctl apply table.yaml --dry-run
              ipvsctl apply table.yaml --drain 5m
              ipvsctl apply cluster.json --own 10.96.0.0/16 --own fd00:10:96::/112
            """
    )

    @OptionGroup var file: FileArgument

    @Flag(help: "Print what would be changed, and change nothing.")
    var dryRun = false

    @OptionGroup var ownership: OwnershipOption

    @Option(
        help: ArgumentHelp(
            "Drain real servers before they are deleted, for at most this time.",
            discussion: """
                They get a weight of 0, including those of virtual servers that are deleted. Other changes are made before. \
                Ctrl-C restores the weights and deletes nothing else.
                """,
            valueName: "time"
        ),
        transform: Duration.init(argument:)
    )
    var drain: Duration?

    @OptionGroup var lock: LockOption

    @OptionGroup var namespace: NamespaceOption

    func run() async throws {
        let desired = try file.read()
        try ownership.check(desired)
        let handle = try namespace.open()
        guard !dryRun else {
            return Console.print(changes: try handle.plan(desired, owning: ownership.owns).description)
        }
        let lock = try handle.lockTable(.exclusive, waiting: lock.wait) { Console.fail($0) }
        defer { lock.release() }
        let changes =
            if let drain {
                try await apply(desired, with: handle, draining: drain)
            } else {
                Changes(reporting: try handle.apply(desired, owning: ownership.owns))
            }
        Console.print(changes.description)
        let left = try handle.plan(desired, owning: ownership.owns).filter { !changes.failures.contains($0) }
        if !left.isEmpty { Console.fail(Self.meddling(left.changes.count)) }
        if !changes.failures.isEmpty || !left.isEmpty { throw ExitCode(1) }
    }

    /// Another program has changed the table meanwhile.
    private static func meddling(_ count: Int) -> String {
        """
        another program has changed the table meanwhile, which differs from the file in \
        \(count == 1 ? "1 change" : "\(count) changes"); diff shows the differences
        """
    }

    /// Adds and updates first, so that a virtual server that gets new real servers for old ones always has some.
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
        // What remains are virtual servers without real servers, and everything that could not be drained.
        changes.add(try handle.apply(desired, owning: ownership.owns))
        return changes
    }
}
