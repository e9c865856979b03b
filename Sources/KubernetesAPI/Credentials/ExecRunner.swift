import FoundationEssentials
import Metrics
import NIOPosix

/// Runs a program that prints credentials when they are needed, and only once for all that wait for them.
actor ExecRunner {
    private typealias Outcome = Result<(credentials: ExecCredentials, generation: Int), ClientConfigurationError>

    private let plugin: ExecPlugin
    private let factory: any MetricsFactory
    private var last: (credentials: ExecCredentials, generation: Int)?
    private var generation = 0
    private var running: Task<Outcome, Never>?

    init(_ plugin: ExecPlugin, metrics: any MetricsFactory) {
        self.plugin = plugin
        factory = metrics
    }

    /// Credentials that have not expired.
    ///
    /// - Parameter refused: The generation of credentials that the server refuses; nil for none.
    /// - Returns: The credentials, and their generation.
    /// - Throws: Why the plug-in could not be run, or what is wrong with its answer.
    func credentials(
        refused: Int?
    ) async throws(ClientConfigurationError) -> (credentials: ExecCredentials, generation: Int) {
        if let last, last.generation != refused, !Self.isExpired(last.credentials) { return last }
        // Whoever waits for a run that another began gets its credentials, however soon they expire.
        if let running { return try await running.value.get() }
        generation += 1
        let task = start(generation)
        running = task
        let outcome = await task.value
        running = nil
        last = try outcome.get()
        return try outcome.get()
    }

    private func start(_ generation: Int) -> Task<Outcome, Never> {
        let plugin = plugin
        let factory = factory
        return Task {
            let outcome: Outcome
            do {
                // The program is waited for in a thread that may block.
                outcome = try await NIOThreadPool.singleton.runIfActive {
                    Result { () throws(ClientConfigurationError) in
                        (try plugin.run(inherited: ProcessInfo.processInfo.environment), generation)
                    }
                }
            } catch {
                outcome = .failure(
                    ClientConfigurationError("can't start \(plugin.command.visible): there is no thread for it")
                )
            }
            let succeeds = if case .success = outcome { true } else { false }
            Counter(
                label: "rest_client_exec_plugin_call_total",
                dimensions: [
                    ("code", succeeds ? "0" : "1"),
                    ("call_status", succeeds ? "no_error" : "plugin_execution_error"),
                ],
                factory: factory
            ).increment()
            return outcome
        }
    }

    private static func isExpired(_ credentials: ExecCredentials) -> Bool {
        credentials.expiration.map { $0 <= Date() } ?? false
    }
}
