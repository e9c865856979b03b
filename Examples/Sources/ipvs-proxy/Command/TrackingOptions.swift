import ArgumentParser
import Common

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

    @Flag(
        name: .customLong("conntrack-tcp-be-liberal"),
        help: "Packets out of a TCP connection's window belong to it, too."
    )
    var isLiberal = false

    @Option(
        name: .customLong("conntrack-udp-timeout"),
        help: ArgumentHelp(
            "How long it tracks a UDP client without an answer; 0 leaves its value, usually 30s.",
            valueName: "time"
        ),
        transform: IdleTimeout.init(argument:)
    )
    var udpTimeout: IdleTimeout?

    @Option(
        name: .customLong("conntrack-udp-timeout-stream"),
        help: ArgumentHelp(
            "How long it tracks a UDP client with several answers; 0 leaves its value, usually 2m.",
            valueName: "time"
        ),
        transform: IdleTimeout.init(argument:)
    )
    var udpStreamTimeout: IdleTimeout?

    /// Puts the options into a configuration.
    func apply(to conntrack: inout KubeProxyConfiguration.Conntrack) {
        if let maxPerCore { conntrack.maxPerCore = maxPerCore.number }
        if let min { conntrack.min = min.number }
        if let establishedTimeout { conntrack.tcpEstablishedTimeout = establishedTimeout }
        if let closeWaitTimeout { conntrack.tcpCloseWaitTimeout = closeWaitTimeout }
        if isLiberal { conntrack.tcpBeLiberal = true }
        if let udpTimeout { conntrack.udpTimeout = udpTimeout }
        if let udpStreamTimeout { conntrack.udpStreamTimeout = udpStreamTimeout }
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
