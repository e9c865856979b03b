import ArgumentParser
import Common
import CoreMetrics
import Foundation
import Glibc
import IPVS
import IPVSNode
import IPVSProxy
import IPVSProxyNFTables
import Logging
import ServiceLifecycle
import UnixSignals

/// The modes of the program.
struct Proxy {
    let settings: Settings
    let logger: Logger

    /// Reads the settings again, as at the start.
    private let rereadSettings: @Sendable () throws -> Settings

    init(settings: Settings, reread: @escaping @Sendable () throws -> Settings) {
        (self.settings, rereadSettings) = (settings, reread)
        var logger = Logger(label: "ipvs-proxy") { CleanLog(StreamLogHandler.standardError(label: $0)) }
        logger.logLevel = settings.logLevel
        self.logger = logger
    }

    /// Follows services and endpoints until a signal, or an error of the proxier that a retry can't help, ends the program.
    func watch() async throws {
        // Traffic must not depend on a reader of the log.
        signal(SIGPIPE, SIG_IGN)
        for notice in settings.notices { logger.notice("\(notice)") }
        if let score = settings.configuration.oomScoreAdj {
            do throws(Failure) {
                try OOMScore.adjust(to: score)
            } catch {
                for sentence in error.sentences { logger.warning("\(sentence)") }
            }
        }
        let registry = PrometheusRegistry()
        registry.recordBuildInfo()
        let objects = try await objectFeed(metrics: registry)
        let facts = try await objects.nodeFacts()
        let packetRules = try PacketRulesOfNode(settings)
        let proxier = try Proxier(
            settings.proxier(facts),
            packetFilter: packetRules.filter,
            logger: logger,
            metrics: registry
        )
        try checkPermission()
        try packetRules.check()
        // Before the ports for HTTP, which another one may have too.
        try await proxier.lockInterface()
        if try packetRules.removeUnused() { logger.notice("removed the packet rules of an earlier run") }
        let configuration = try settings.configuration.configz()
        let pages = StatusPages(
            proxier: proxier,
            registry: registry,
            isEligible: { await objects.isEligible },
            knowledge: { await objects.knowledge },
            configuration: configuration
        )
        var servers: [StatusServer] = []
        for (address, pages) in [
            (settings.configuration.healthzBindAddress, pages.healthPages),
            (settings.configuration.metricsBindAddress, pages.metricsPages),
        ] {
            guard let endpoint = address.endpoint else { continue }
            let retryInterval: Duration? = settings.configuration.bindAddressHardFail ? nil : .seconds(5)
            servers.append(try await StatusServer(endpoint, logger, pages: pages, retryInterval: retryInterval))
        }
        let healthChecks = HealthCheckServer(
            proxier.healthCheckUpdates(),
            isHealthy: { await proxier.health.isHealthy(at: .now) },
            try NodeSockets(settings.namespace),
            logger
        )
        let watcher = try await objects.service(for: proxier)
        let configurationWatch = settings.configurationFile.flatMap { [rereadSettings] path in
            ConfigurationWatch(path, settings.configuration, logger) { try rereadSettings().configuration }
        }
        let readiness = ServiceManager(environment: ProcessInfo.processInfo.environment).map { manager in
            Readiness(manager: manager, logger: logger) { await proxier.health.lastFinished != nil }
        }
        let optional: [(any Service)?] = [configurationWatch, readiness]
        // An error is also reported at the end.
        var groupLogger = logger
        if logger.logLevel > .debug { groupLogger.logLevel = .critical }
        let group = ServiceGroup(
            services: [proxier, watcher, healthChecks] + servers + optional.compactMap(\.self),
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: groupLogger
        )
        try await group.run()
        logger.info("ended; the kernel's table stays as it is")
    }

    /// Synchronizes the kernel with the objects as they are now.
    func syncOnce() async throws {
        let packetRules = try PacketRulesOfNode(settings)
        let proxier = try await informedProxier(packetRules)
        guard let report = try await proxier.sync() else { preconditionFailure("all lists are complete") }
        // Not before the sync, which is refused while another proxier runs, whose rules they may be.
        if try packetRules.removeUnused() { Console.print("removed the packet rules of an earlier run") }
        for change in report.settings?.changes ?? [] {
            Console.print("set \(change.name) to \(change.after), which was \(change.before)")
        }
        for change in report.timeouts?.changes ?? [] {
            Console.print("set the \(change.setting) to \(change.after) s, which was \(change.before) s")
        }
        if !report.takenOver.isEmpty {
            Console.print("took over \(report.takenOver.count.counted("virtual server")) without the proxy's mark")
        }
        Console.print("\(report)".split(separator: "\n").first.map(String.init) ?? "")
        // The proxier has logged the reason.
        guard report.isComplete, report.settings?.failures.isEmpty != false, report.timeouts?.failures.isEmpty != false
        else { throw ExitCode(1) }
    }

    /// Prints what would be changed.
    func showPlan() async throws {
        let packetRules = try PacketRulesOfNode(settings)
        guard let plan = try await informedProxier(packetRules).plan() else {
            preconditionFailure("all lists are complete")
        }
        let unused = try packetRules.areUnused() ? ["- the packet rules of an earlier run"] : []
        Console.print(changes: (unused + [plan.description]).filter { !$0.isEmpty }.joined(separator: "\n"))
        guard plan.failures.isEmpty else { throw ExitCode(IPVSProxyCommand.trouble) }
        if !plan.isEmpty || !unused.isEmpty { throw ExitCode(1) }
    }

    /// Makes the kernel settings that need all privileges, so that the program can then run with `CAP_NET_ADMIN` alone.
    func initialize() throws {
        // Loads the module, whose settings are among them.
        try checkPermission()
        let sysctls = settings.namespace.map { Sysctls(namespace: $0) } ?? Sysctls()
        let outcome = sysctls.ensure(settings.proxier().sysctls)
        for change in outcome.changes {
            Console.print("set \(change.name) to \(change.after), which was \(change.before)")
        }
        for failure in outcome.failures { Console.fail("\(failure)") }
        guard outcome.failures.isEmpty else { throw ExitCode(1) }
    }

    func cleanUp() async throws {
        let packetRules = try PacketRulesOfNode(settings, isCleanup: true)
        let report = try await Proxier(
            settings.proxier(),
            // Those of an earlier run, whatever the options of this one are.
            packetFilter: packetRules.table,
            logger: quietLogger
        ).cleanup()
        let removed = [
            report.virtualServers.counted("virtual server"), report.addresses.counted("address", "addresses"),
        ]
        let interface = report.removedInterface ? ["the interface \(settings.bindInterface)"] : []
        let rules = report.removedRules ? ["the packet rules"] : []
        Console.print("removed \((removed + interface + rules).listed("and"))")
        for change in report.settings.changes { Console.print("set \(change.name) back to \(change.after)") }
        for change in report.timeouts.changes { Console.print("set the \(change.setting) back to \(change.after) s") }
        for id in report.left {
            Console.print(
                "left \(id), which doesn't have the proxy's mark; if nobody needs it, delete it with ipvsadm -D"
            )
        }
        let failures: [any Error] = report.failures + report.settings.failures + report.timeouts.failures
        for failure in failures { Console.fail("\(failure)") }
        guard failures.isEmpty else { throw ExitCode(1) }
    }

    /// Where services and endpoints come from.
    ///
    /// - Parameters:
    ///   - metrics: The factory of its metrics.
    ///   - isRepeated: Whether they are followed, or read once.
    /// - Returns: The feed of their objects.
    /// - Throws: `ManifestErrors`, or `Failure` if there is no way to reach the API server.
    private func objectFeed(metrics: any MetricsFactory, isRepeated: Bool = true) async throws -> any ObjectFeed {
        switch settings.origin {
        case .manifests(let paths):
            return try await ManifestFeed(
                paths,
                node: settings.node,
                logger: logger,
                metrics: metrics,
                isRepeated: isRepeated
            )
        case .server(let kubeconfig, let master):
            let client = try Settings.client(kubeconfig: kubeconfig, master: master, logger: logger, metrics: metrics)
            return ServerFeed(client, settings, logger: logger)
        case nil: preconditionFailure("nothing is to be read")
        }
    }

    /// Without the privilege for IPVS, trying again is useless.
    private func checkPermission() throws {
        let handle =
            if let namespace = settings.namespace { try Handle(namespace: namespace) } else { try Handle() }
        _ = try handle.info()
    }

    /// A proxier that knows all objects.
    private func informedProxier(_ packetRules: PacketRulesOfNode) async throws -> Proxier {
        for notice in settings.notices { quietLogger.notice("\(notice)") }
        let objects = try await objectFeed(metrics: NOOPMetricsHandler.instance, isRepeated: false)
        let facts = try await objects.nodeFacts()
        let proxier = try Proxier(settings.proxier(facts), packetFilter: packetRules.filter, logger: quietLogger)
        try await objects.tellAll(proxier)
        return proxier
    }

    /// A logger for modes that print their result.
    private var quietLogger: Logger {
        var logger = logger
        if logger.logLevel == .info { logger.logLevel = .warning }
        return logger
    }
}
