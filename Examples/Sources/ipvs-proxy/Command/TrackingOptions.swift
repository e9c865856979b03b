import ArgumentParser
import Common
import IPVSNode

/// The options for connection tracking, which are kube-proxy's. Without one, the kernel's value stays.
struct TrackingOptions: ParsableArguments {
    @Option(
        name: .customLong("conntrack-max-per-core"),
        help: ArgumentHelp(
            "How many connections the kernel tracks at most for each core; 0 leaves its limit.",
            valueName: "number"
        ),
        transform: EntryCount.init(argument:)
    )
    var maxPerCore: EntryCount?

    @Option(
        name: .customLong("conntrack-min"),
        help: ArgumentHelp(
            "The limit that --conntrack-max-per-core gives, however few cores there are.",
            valueName: "number"
        ),
        transform: EntryCount.init(argument:)
    )
    var min: EntryCount?

    @Option(
        name: .customLong("conntrack-tcp-timeout-established"),
        help: ArgumentHelp(
            "How long the kernel tracks an idle TCP connection; 0 leaves its value, usually 5 days.",
            valueName: "time"
        ),
        transform: IdleTimeout.init(argument:)
    )
    var establishedTimeout: IdleTimeout?

    @Option(
        name: .customLong("conntrack-tcp-timeout-close-wait"),
        help: ArgumentHelp(
            "How long it tracks a TCP connection that one side has closed; 0 leaves its value, usually 1m.",
            valueName: "time"
        ),
        transform: IdleTimeout.init(argument:)
    )
    var closeWaitTimeout: IdleTimeout?

    /// Refuses invalid combinations of options.
    func check() throws(ValidationError) {
        // kube-proxy has a default for the former.
        guard let min, min.number > 0, maxPerCore == nil else { return }
        throw ValidationError("--conntrack-min has no effect without --conntrack-max-per-core.")
    }

    /// The settings of the kernel.
    var sysctls: [Sysctl] {
        Sysctl.connectionTracking(
            maxPerCore: maxPerCore?.number,
            min: min?.number,
            tcpEstablishedTimeout: establishedTimeout?.seconds,
            tcpCloseWaitTimeout: closeWaitTimeout?.seconds
        )
    }
}

/// A number of tracked connections.
struct EntryCount: Hashable {
    let number: UInt32

    init(argument: String) throws(ValidationError) {
        // To the kernel it is an integer of 32 bits with a sign.
        guard argument.hasOnlyDigits, let number = UInt32(argument), number <= Int32.max else {
            throw ValidationError("it must be a whole number from 0 to \(Int32.max)")
        }
        self.number = number
    }
}
