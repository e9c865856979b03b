import ArgumentParser
import Common
import IPVS

/// How long a command waits for its turn to change the table.
struct LockOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How long to wait while another ipvsctl changes the table. (default: 30s)",
            valueName: "time"
        ),
        transform: Duration.init(argument:)
    )
    var wait = Handle.usualWait
}

extension Handle {
    /// How long commands wait for their turn, unless the user says otherwise.
    static let usualWait = Duration.seconds(30)

    /// Takes the lock on the table, after others that have it. If the lock does not work, that is no reason to do nothing, and
    /// is only reported.
    func lockTable(
        _ mode: TableLock.Mode,
        waiting timeout: Duration,
        _ complain: (String) -> Void
    ) throws(IPVSError) -> TableLock {
        let lock = try lockTable(mode, timeout: timeout) { holder in
            Console.note("waiting for \(holder), which changes the table")
        }
        if let obstacle = lock.obstacle { complain("the lock on the table keeps nobody out: \(obstacle)") }
        return lock
    }
}
