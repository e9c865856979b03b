import ArgumentParser
import Common
import Glibc
import IPVS
import IPVSNode
import IPVSProxy
import Logging

/// The options of the command line.
struct Options: ParsableArguments {
    @Argument(
        help: "Files with manifests, or folders of such files; with --once or --dry-run, - is standard input.",
        completion: .file()
    )
    var manifests: [String] = []

    @Flag(help: "Synchronize once and exit. Real servers that have connections keep them, with a weight of 0.")
    var once = false

    @Flag(help: "Print what would be changed, and change nothing.")
    var dryRun = false

    @Flag(help: "Remove everything that the proxy has created, and nothing else, and exit.")
    var cleanup = false

    @Option(
        help: ArgumentHelp("The name of this node in the endpoints' nodeName.", valueName: "name")
    )
    var nodeName = Options.hostName

    @Option(help: ArgumentHelp("The zone of this node in the endpoints' hints.", valueName: "name"))
    var zone: String?

    @Option(help: ArgumentHelp("The dummy interface for the services' addresses.", valueName: "name"))
    var bindInterface = AddressBinder.defaultInterface

    @Option(
        help: ArgumentHelp(
            "Bind services' addresses to the interface (addresses), or add a local route over it for each (routes), which "
                + "is many times faster with thousands of addresses. (default: addresses)",
            valueName: "method"
        ),
        transform: AddressBinder.Method.init(argument:)
    )
    var bindAs = AddressBinder.Method.addresses

    @Option(
        help: ArgumentHelp(
            "The kernel's name of the scheduler, which selects the endpoint for a connection. (default: rr)",
            valueName: "name"
        ),
        transform: Scheduler.init(argument:)
    )
    var scheduler = Scheduler.roundRobin

    @Option(
        help: ArgumentHelp("The minimum time between two syncs. (default: 1s)", valueName: "time"),
        transform: Duration.init(argument:)
    )
    var minSyncPeriod = Duration.seconds(1)

    @Option(
        help: ArgumentHelp(
            "The time between full syncs, which correct changes by other programs. (default: 30s)",
            valueName: "time"
        ),
        transform: Duration.init(argument:)
    )
    var syncPeriod = Duration.seconds(30)

    @Option(
        help: ArgumentHelp(
            "How long an endpoint that was removed may keep its connections. (default: 15m)",
            valueName: "time"
        ),
        transform: Duration.init(argument:)
    )
    var drainTimeout = Duration.seconds(15 * 60)

    @Option(
        name: .customLong("nodeport-addresses"),
        help: ArgumentHelp(
            "Serve node ports only on the node's addresses in this block; can be repeated.",
            valueName: "cidr"
        ),
        transform: Blocks.init(argument:)
    )
    var nodePortAddresses: [Blocks] = []

    @Option(
        name: .customLong("exclude-cidrs"),
        help: ArgumentHelp("Leave addresses in this block alone; can be repeated.", valueName: "cidr"),
        transform: Blocks.init(argument:)
    )
    var excluded: [Blocks] = []

    @Flag(
        name: .customLong("strict-arp"),
        help: "Answer ARP requests for an address only on the interface that has it (arp_ignore 1, arp_announce 2)."
    )
    var strictARP = false

    @Option(
        name: .customLong("ipvs-tcp-timeout"),
        help: ArgumentHelp(
            "How long the kernel keeps an idle TCP connection; 0 leaves its value, usually 15m.",
            valueName: "time"
        ),
        transform: IdleTimeout.init(argument:)
    )
    var tcpTimeout: IdleTimeout?

    @Option(
        name: .customLong("ipvs-tcpfin-timeout"),
        help: ArgumentHelp(
            "How long it keeps a TCP connection after a FIN; 0 leaves its value, usually 2m.",
            valueName: "time"
        ),
        transform: IdleTimeout.init(argument:)
    )
    var tcpFINTimeout: IdleTimeout?

    @Option(
        name: .customLong("ipvs-udp-timeout"),
        help: ArgumentHelp(
            "How long it keeps the endpoint of a UDP client; 0 leaves its value, usually 5m.",
            valueName: "time"
        ),
        transform: IdleTimeout.init(argument:)
    )
    var udpTimeout: IdleTimeout?

    @OptionGroup var packetRules: RuleOptions

    @OptionGroup var tracking: TrackingOptions

    @OptionGroup var namespace: NamespaceOption

    @Option(
        help: ArgumentHelp(
            "The address on which to serve /healthz and /livez over HTTP, or none. (default: 0.0.0.0:10256)",
            valueName: "address:port"
        ),
        transform: ListenAddress.init(argument:)
    )
    var healthzAddress = ListenAddress(Endpoint(IPAddress(0, 0, 0, 0), 10_256))

    @Option(
        help: ArgumentHelp(
            "The address on which to serve /metrics over HTTP, or none. (default: 127.0.0.1:10249)",
            valueName: "address:port"
        ),
        transform: ListenAddress.init(argument:)
    )
    var metricsAddress = ListenAddress(Endpoint(IPAddress(127, 0, 0, 1), 10_249))

    @Option(
        help: ArgumentHelp(
            "The minimum level of log messages: trace, debug, info, warning or error. (default: info)",
            valueName: "level"
        ),
        transform: Logger.Level.init(argument:)
    )
    var logLevel = Logger.Level.info

    /// Refuses invalid combinations of options.
    func check() throws(ValidationError) {
        if [once, dryRun, cleanup].count(where: \.self) > 1 {
            throw ValidationError("Only one of --once, --dry-run and --cleanup can be done.")
        }
        if manifests.isEmpty, !cleanup {
            throw ValidationError("Say which files or folders have the manifests.")
        }
        if !manifests.isEmpty, cleanup {
            throw ValidationError("--cleanup takes no manifests: it removes everything that the proxy has created.")
        }
        let streams = manifests.count { $0 == TextFile.standardInput }
        if streams > 1 { throw ValidationError("Standard input (-) can be read only once.") }
        if streams > 0, !once, !dryRun {
            throw ValidationError(
                "Standard input (-) can't be watched for changes: store it in a file, or use --once or --dry-run."
            )
        }
        if syncPeriod == .zero { throw ValidationError("--sync-period must be more than 0.") }
        if syncPeriod < minSyncPeriod {
            throw ValidationError("--sync-period must not be less than --min-sync-period.")
        }
        if nodeName.isEmpty { throw ValidationError("--node-name must not be empty.") }
        if zone?.isEmpty == true { throw ValidationError("--zone must not be empty.") }
        try packetRules.check()
        try tracking.check()
    }

    /// The node that the manifests are read for.
    var node: NodeIdentity { NodeIdentity(name: nodeName, zone: zone) }

    /// The proxier's configuration.
    var configuration: Proxier.Configuration {
        var configuration = Proxier.Configuration()
        configuration.interface = bindInterface
        configuration.bindingMethod = bindAs
        configuration.namespace = namespace.namespace
        configuration.scheduler = scheduler
        configuration.nodePortBlocks = nodePortAddresses.flatMap(\.blocks)
        configuration.excludedBlocks = excluded.flatMap(\.blocks)
        configuration.minSyncPeriod = minSyncPeriod
        configuration.syncPeriod = syncPeriod
        configuration.drainTimeout = drainTimeout
        configuration.packetRules = packetRules.options
        configuration.sysctls = Sysctl.ipvsMode(strictARP: strictARP) + tracking.sysctls
        configuration.timeouts = Timeouts(tcp: tcpTimeout?.value, tcpFIN: tcpFINTimeout?.value, udp: udpTimeout?.value)
        return configuration
    }

    /// The host name in lower case, as in Kubernetes.
    private static let hostName: String = {
        // At most 64 bytes on Linux, and the terminating NUL.
        var name = [UInt8](repeating: 0, count: 65)
        gethostname(&name, name.count - 1)
        return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self).lowercased()
    }()
}

extension IdleTimeout {
    /// The seconds, or nil to leave the kernel's value.
    fileprivate var value: UInt32? { seconds == 0 ? nil : seconds }
}
