import ArgumentParser
import Common
import Foundation
import Glibc
import IPVS
import IPVSNode
import IPVSProxy

/// A proxy of a node for the services of an API server, or in manifests.
struct IPVSProxyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ipvs-proxy",
        abstract: "Balance the services of Kubernetes with IPVS, as kube-proxy's IPVS mode does.",
        discussion: """
            Services and endpoints come from an API server (--kubeconfig, --master, --config, or the cluster of the pod that \
            runs the program), or from manifests.

            Manifests are Service and EndpointSlice documents in YAML or, in files named .json, in JSON, as printed by \
            kubectl get -o yaml or -o json; other kinds are ignored. Endpoints documents are read for services that have \
            no endpoint slices. Headless and ExternalName services, and services that are labeled as another proxy's, are \
            not served. In a folder, all files named .yaml, .yml or .json are read, except hidden files.

            The files are watched. Changes are applied to the kernel without breaking connections. An error in a \
            manifest is reported on standard error as FILE:LINE: OBJECT: FIELD: sentence, and nothing changes until it is \
            corrected. What is valid but can't be served is logged as a warning, and everything else is served. SIGHUP \
            reads the files at once. SIGTERM ends the program and leaves the kernel's table as it is, so that traffic \
            continues. --cleanup removes it.

            Only what the proxy owns is changed: virtual servers that have its mark, addresses on its interface, and packet \
            rules in a table of its own.

            The flags and the configuration file of kube-proxy are accepted; ipvs-proxy(8) lists those without an effect.

            Examples:
              ipvs-proxy --config /var/lib/kube-proxy/config.conf
              kubectl get services,endpointslices -A -o yaml > cluster.yaml
              ipvs-proxy cluster.yaml --dry-run
              ipvs-proxy cluster.yaml
              ipvs-proxy /etc/ipvs-proxy --once --netns blue
              ipvs-proxy --cleanup

            Exit status: 0 for success, 1 for failure, 2 if the command line is invalid; with --dry-run, as with diff, 0 if \
            there is nothing to do, 1 if there is, 2 for failure.
            """,
        version: "ipvs-proxy, with the command line and the configuration file of kube-proxy"
    )

    @OptionGroup var options: Options

    /// Runs the program.
    static func start() async -> Never {
        var isDryRun = false
        var status: Int32 = 0
        let words: [String]
        do throws(Failure) {
            words = try Startup.words()
        } catch {
            Console.fail(error.sentences)
            Glibc.exit(2)
        }
        do {
            let flags = try FlagWords(words)
            var command = try parseAsRoot(flags.words)
            if let command = command as? Self {
                isDryRun = command.options.dryRun
                let environment = ProcessInfo.processInfo.environment
                let settings = try Settings(command.options, flags, environment: environment)
                try await run(settings) { try Settings(words, environment: environment) }
            } else {
                try command.run()
            }
        } catch {
            status = report(error, words)
            if status != 0, isDryRun, !(error is ExitCode) { status = Self.trouble }
        }
        if let loss = Console.loss {
            Console.fail("can't write to standard output: \(loss)")
            status = isDryRun ? Self.trouble : max(status, 1)
        }
        Glibc.exit(status)
    }

    private static func run(
        _ settings: Settings,
        reread: @escaping @Sendable () throws -> Settings
    ) async throws {
        let proxy = Proxy(settings: settings, reread: reread)
        switch settings.action {
        case .writeConfiguration(let path): try settings.configuration.write(to: path)
        case .cleanup: try await proxy.cleanUp()
        case .initialize: try proxy.initialize()
        case .once: try await proxy.syncOnce()
        case .dryRun: try await proxy.showPlan()
        case .run: try await proxy.watch()
        }
    }

    /// The exit status for failures of a dry run, where 1 means that there is something to do.
    static let trouble: Int32 = 2

    /// Reports why the program ends, and returns the exit status.
    private static func report(_ error: any Error, _ words: [String]) -> Int32 {
        switch error {
        case let code as ExitCode:
            return code.rawValue
        case let errors as FileErrors:
            Console.report(errors.description)
            return 1
        case let errors as ManifestErrors:
            for line in errors.lines { Console.report(line) }
            return 1
        case let failure as Failure:
            Console.fail(failure.sentences)
            return 1
        case is IPVSError, is AddressError, is PacketFilterError, is ConnectionTrackingError:
            Console.fail("\(error)")
            return 1
        default:
            return ParserMessage.report(fullMessage(for: error), words, isError: !exitCode(for: error).isSuccess)
        }
    }
}
