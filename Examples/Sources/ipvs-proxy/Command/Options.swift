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

    @Flag(help: "Make the kernel settings that need all privileges, and exit.")
    var initOnly = false

    @Option(
        help: ArgumentHelp("A file with a KubeProxyConfiguration, instead of most options.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml", "json", "conf"])
    )
    var config: String?

    @Option(
        help: ArgumentHelp("Write the KubeProxyConfiguration that results to a file, and exit.", valueName: "file"),
        completion: .file()
    )
    var writeConfigTo: String?

    @Option(
        help: ArgumentHelp("A file that says how to reach the API server, instead of manifests.", valueName: "file"),
        completion: .file()
    )
    var kubeconfig: String?

    @Option(help: ArgumentHelp("The URL of the API server, instead of that in the kubeconfig.", valueName: "url"))
    var master: String?

    @Option(
        name: [.customLong("hostname-override"), .customLong("node-name")],
        help: ArgumentHelp("The name of this node in the endpoints' nodeName.", valueName: "name")
    )
    var nodeName: String?

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
        name: [.customLong("ipvs-scheduler"), .customLong("scheduler")],
        help: ArgumentHelp(
            "The kernel's name of the scheduler, which selects the endpoint for a connection. (default: rr)",
            valueName: "name"
        ),
        transform: Scheduler.init(argument:)
    )
    var scheduler: Scheduler?

    @Option(
        name: [.customLong("ipvs-min-sync-period"), .customLong("min-sync-period")],
        help: ArgumentHelp(
            "The minimum time between two syncs. (default: 1s with manifests, otherwise 0)",
            valueName: "time"
        ),
        transform: Duration.init(argument:)
    )
    var minSyncPeriod: Duration?

    @Option(
        name: [.customLong("ipvs-sync-period"), .customLong("sync-period")],
        help: ArgumentHelp(
            "The time between full syncs, which correct changes by other programs. (default: 30s)",
            valueName: "time"
        ),
        transform: Duration.init(argument:)
    )
    var syncPeriod: Duration?

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
            "Serve node ports only on the node's addresses in this block, or primary for its main ones; can be repeated.",
            valueName: "cidr"
        ),
        transform: NodePortRange.list(argument:)
    )
    var nodePortAddresses: [[NodePortRange]] = []

    @Option(
        name: [.customLong("ipvs-exclude-cidrs"), .customLong("exclude-cidrs")],
        help: ArgumentHelp("Leave addresses in this block alone; can be repeated.", valueName: "cidr"),
        transform: Blocks.init(argument:)
    )
    var excluded: [Blocks] = []

    @Flag(
        name: [.customLong("ipvs-strict-arp"), .customLong("strict-arp")],
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

    @OptionGroup var serving: ServingOptions

    @Option(
        name: .customLong("proxy-mode"),
        help: ArgumentHelp("kube-proxy's mode, which must be ipvs or empty.", valueName: "mode"),
        transform: ProxyMode.text(argument:)
    )
    var mode: String?

    @Option(
        name: .customLong("oom-score-adj"),
        parsing: .unconditional,
        help: ArgumentHelp(
            "How likely the kernel ends the program if memory runs out, from -1000 to 1000. (default: -999 without manifests)",
            valueName: "number"
        ),
        transform: WholeNumber.reader(-1_000...1_000)
    )
    var oomScore: WholeNumber?

    @Option(
        help: ArgumentHelp(
            "The minimum level of log messages: trace, debug, info, warning or error. (default: info)",
            valueName: "level"
        ),
        transform: Logger.Level.init(argument:)
    )
    var logLevel: Logger.Level?

    @Option(
        name: [.customShort("v"), .customLong("v")],
        help: ArgumentHelp(
            "kube-proxy's number for it: info up to 3, debug for 4 and 5, trace from 6 on.",
            valueName: "number"
        ),
        transform: WholeNumber.reader(0...Int(Int32.max))
    )
    var verbosity: WholeNumber?

    /// Refuses invalid combinations of options.
    func check() throws(ValidationError) {
        if [once, dryRun, cleanup, initOnly].count(where: \.self) > 1 {
            throw ValidationError("Only one of --once, --dry-run, --cleanup and --init-only can be done.")
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
        if nodeName?.trimmed.isEmpty == true { throw ValidationError("--hostname-override must not be empty.") }
        if zone?.isEmpty == true { throw ValidationError("--zone must not be empty.") }
        guard config == nil else { return }
        if syncPeriod == .zero { throw ValidationError("--ipvs-sync-period must be more than 0.") }
        try packetRules.check()
    }

    /// Puts the options that kube-proxy has in its file into a configuration.
    func apply(to configuration: inout KubeProxyConfiguration) {
        if let kubeconfig { configuration.clientConnection.kubeconfig = kubeconfig }
        if let scheduler { configuration.ipvs.scheduler = scheduler.rawValue }
        if let minSyncPeriod { configuration.ipvs.minSyncPeriod = GoDuration(minSyncPeriod) }
        if let syncPeriod { configuration.ipvs.syncPeriod = GoDuration(syncPeriod) }
        if !nodePortAddresses.isEmpty { configuration.nodePortAddresses = nodePortAddresses.flatMap(\.self) }
        if !excluded.isEmpty { configuration.ipvs.excludeCIDRs = excluded.flatMap(\.blocks) }
        if strictARP { configuration.ipvs.strictARP = true }
        if let tcpTimeout { configuration.ipvs.tcpTimeout = tcpTimeout }
        if let tcpFINTimeout { configuration.ipvs.tcpFinTimeout = tcpFINTimeout }
        if let udpTimeout { configuration.ipvs.udpTimeout = udpTimeout }
        if let mode { configuration.mode = mode }
        if let oomScore { configuration.oomScoreAdj = oomScore.value }
        packetRules.apply(to: &configuration)
        tracking.apply(to: &configuration.conntrack)
        serving.apply(to: &configuration)
    }

    /// The host name in lower case, as in Kubernetes.
    static let hostName: String = {
        // At most 64 bytes on Linux, and the terminating NUL.
        var name = [UInt8](repeating: 0, count: 65)
        gethostname(&name, name.count - 1)
        return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self).lowercased()
    }()

    /// The names of kube-proxy's options that a configuration file replaces, of both spellings.
    static let namesInFile: Set<String> = [
        "bind-address", "bind-address-hard-fail", "cluster-cidr", "conntrack-max-per-core", "conntrack-min",
        "conntrack-tcp-be-liberal", "conntrack-tcp-timeout-close-wait", "conntrack-tcp-timeout-established",
        "conntrack-udp-timeout", "conntrack-udp-timeout-stream", "detect-local-mode", "exclude-cidrs",
        "healthz-address", "healthz-bind-address", "healthz-port", "iptables-masquerade-bit", "ipvs-exclude-cidrs",
        "ipvs-min-sync-period", "ipvs-scheduler", "ipvs-strict-arp", "ipvs-sync-period", "ipvs-tcp-timeout",
        "ipvs-tcpfin-timeout", "ipvs-udp-timeout", "kubeconfig", "masquerade-all", "metrics-address",
        "metrics-bind-address", "metrics-port", "min-sync-period", "nodeport-addresses", "oom-score-adj",
        "pod-bridge-interface", "pod-interface-name-prefix", "proxy-mode", "scheduler", "strict-arp", "sync-period",
    ]
}
