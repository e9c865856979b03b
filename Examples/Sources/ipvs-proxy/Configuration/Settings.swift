import ArgumentParser
import Common
import IPVS
import IPVSNode
import IPVSProxy
import Logging

/// All that the program is to do: the defaults, the configuration file and the command line in one.
struct Settings: Sendable {
    /// What the program does before it ends.
    enum Action: Hashable, Sendable {
        case run, once, dryRun, cleanup, initialize
        case writeConfiguration(String)
    }

    let action: Action

    /// Where services and endpoints come from; nil if none are needed.
    let origin: ObjectOrigin?

    /// The node that objects are read for. If the zone is nil, its Node object tells it.
    let node: NodeIdentity

    /// The configuration in kube-proxy's terms.
    let configuration: KubeProxyConfiguration

    /// The path of the file that it was read from; nil if there is none.
    let configurationFile: String?

    let bindInterface: String
    let bindAs: AddressBinder.Method
    let drainTimeout: Duration
    let namespace: NetworkNamespace?
    let rules: RuleKind
    let logLevel: Logger.Level

    /// What the log says at the start: what has no effect, and what is not as in kube-proxy.
    private(set) var notices: [String] = []

    /// Reads the words of a command line, and the configuration file that they name.
    ///
    /// - Parameters:
    ///   - words: The words behind the program's name.
    ///   - environment: The variables of the environment.
    /// - Throws: `FileErrors` of the configuration file, or an error of argument-parser.
    init(_ words: [String], environment: [String: String]) throws {
        let flags = try FlagWords(words)
        try self.init(try Options.parse(flags.words), flags, environment: environment)
    }

    /// - Parameters:
    ///   - options: The options that were read from the words.
    ///   - flags: The words.
    ///   - environment: The variables of the environment.
    /// - Throws: `FileErrors` of the configuration file, or `ValidationError`.
    init(_ options: Options, _ flags: FlagWords, environment: [String: String]) throws {
        try options.check()
        var fromFlags = options.manifests.isEmpty ? KubeProxyConfiguration() : .forManifests
        for (flag, value) in flags.inert {
            do throws(ValidationError) {
                try flag.read(value, &fromFlags)
            } catch {
                throw ValidationError(
                    "The value '\(value.abbreviated)' is invalid for '--\(flag.name)': \(error.message)"
                )
            }
        }
        var configuration: KubeProxyConfiguration
        configurationFile = options.config
        if let file = options.config {
            configuration = try KubeProxyConfiguration(file: file)
            notices += InertReason.notices(configuration).map { "\(TextFile.name(file)): \($0)" }
        } else {
            options.apply(to: &fromFlags)
            configuration = fromFlags
            guard configuration.ipvs.minSyncPeriod.duration <= configuration.ipvs.syncPeriod.duration else {
                throw ValidationError("--ipvs-sync-period must not be less than --ipvs-min-sync-period.")
            }
            // kube-proxy has a default for the former.
            if configuration.conntrack.maxPerCore == 0, let min = options.tracking.min, min.number > 0,
                options.tracking.maxPerCore == nil
            {
                throw ValidationError("--conntrack-min has no effect without --conntrack-max-per-core.")
            }
        }
        if let name = options.nodeName { configuration.hostnameOverride = name.trimmed.lowercased() }
        if let verbosity = options.verbosity { configuration.logging.verbosity = UInt32(clamping: verbosity.value) }
        self.configuration = configuration
        node = NodeIdentity(
            name: configuration.hostnameOverride.isEmpty ? Options.hostName : configuration.hostnameOverride,
            zone: options.zone
        )
        bindInterface = options.bindInterface
        bindAs = options.bindAs
        drainTimeout = options.drainTimeout
        namespace = options.namespace.namespace
        rules = options.packetRules.rules
        logLevel = options.logLevel ?? Logger.Level(verbosity: configuration.logging.verbosity)
        action = options.action
        origin = try Self.origin(options, configuration, action, environment: environment)
        if case .manifests = origin {
            guard configuration.detectLocalMode != .nodeCIDR else {
                throw ValidationError(
                    "NodeCIDR requires an API server, which knows the node's block: use --cluster-cidr with that block."
                )
            }
            guard !configuration.nodePortAddresses.contains(.primary) || !configuration.bindAddress.isUnspecified else {
                throw ValidationError(
                    "The node ports' addresses can be primary only with an API server, which knows them, or with "
                        + "--bind-address."
                )
            }
        }
        notices += noticesOfOptions(options, flags)
    }

    /// Where objects come from.
    private static func origin(
        _ options: Options,
        _ configuration: KubeProxyConfiguration,
        _ action: Action,
        environment: [String: String]
    ) throws(ValidationError) -> ObjectOrigin? {
        switch action {
        case .cleanup, .initialize, .writeConfiguration: return nil
        case .run, .once, .dryRun: break
        }
        guard options.manifests.isEmpty else { return .manifests(options.manifests) }
        func nonempty(_ text: String?) -> String? { text?.isEmpty == false ? text : nil }
        let kubeconfig = nonempty(configuration.clientConnection.kubeconfig)
        let master = nonempty(options.master)
        let isInPod = nonempty(environment["KUBERNETES_SERVICE_HOST"]) != nil
        guard kubeconfig != nil || master != nil || options.config != nil || isInPod else {
            throw ValidationError(
                "Say which files or folders have the manifests, or how to reach an API server with --kubeconfig, --master "
                    + "or --config."
            )
        }
        return .server(kubeconfig: kubeconfig, master: master)
    }

    /// What the log says of options that do not count, each once.
    private func noticesOfOptions(_ options: Options, _ flags: FlagWords) -> [String] {
        var notices: [String] = []
        if options.config != nil {
            notices += flags.names.filter(Options.namesInFile.contains).map {
                "--\($0) is ignored: --config replaces it"
            }
        }
        notices += flags.inert.compactMap { $0.flag.notice($0.value) }
        if options.config == nil {
            for (name, other) in [("healthz-port", "healthz-bind-address"), ("metrics-port", "metrics-bind-address")]
            where flags.names.contains(name) {
                notices.append("--\(name) is deprecated; use --\(other)")
            }
        }
        if configuration.mode.isEmpty, case .server = origin {
            notices.append("no mode is set, which is iptables in kube-proxy; this program always uses IPVS")
        }
        if case .manifests = origin {
            if !configuration.clientConnection.kubeconfig.isEmpty {
                notices.append("the kubeconfig is ignored: services and endpoints come from manifests")
            }
            if options.master != nil {
                notices.append("--master is ignored: services and endpoints come from manifests")
            }
        }
        return notices + noticesOfPods
    }

    /// What was said of the recognition of pods and has no effect in its mode.
    private var noticesOfPods: [String] {
        let mode = configuration.detectLocalMode
        let parts: [(name: String, isSet: Bool, mode: LocalMode)] = [
            ("the cluster CIDR", !configuration.clusterCIDR.blocks.isEmpty, .clusterCIDR),
            ("the bridge of pods", !configuration.detectLocal.bridgeInterface.isEmpty, .bridgeInterface),
            (
                "the prefix of pods' interfaces", !configuration.detectLocal.interfaceNamePrefix.isEmpty,
                .interfaceNamePrefix
            ),
        ]
        return parts.filter { $0.isSet && $0.mode != mode }.map { part in
            "\(part.name) has no effect: the mode to detect local traffic is \(mode.rawValue)"
        }
    }
}

extension Options {
    /// What the program is to do.
    fileprivate var action: Settings.Action {
        if let writeConfigTo, !writeConfigTo.isEmpty { return .writeConfiguration(writeConfigTo) }
        if cleanup { return .cleanup }
        if initOnly { return .initialize }
        if once { return .once }
        return dryRun ? .dryRun : .run
    }
}

extension Logger.Level {
    /// The level for a number of klog. Kubernetes' programs use up to 3 for what an operator leaves on, and 4 for debugging.
    init(verbosity: UInt32) {
        switch verbosity {
        case ...3: self = .info
        case ...5: self = .debug
        default: self = .trace
        }
    }
}
