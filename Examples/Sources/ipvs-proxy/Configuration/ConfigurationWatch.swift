import Common
import Glibc
import Logging
import ServiceLifecycle

/// Ends the program when its configuration file says something else, as kube-proxy does. Whatever supervises the program then
/// starts it with the new configuration.
///
/// A file that has errors, or that says the same in other words, ends nothing.
struct ConfigurationWatch: Service {
    private let path: String
    private let configuration: KubeProxyConfiguration
    private let read: @Sendable () throws -> KubeProxyConfiguration
    private let logger: Logger
    private let timing: ManifestTiming
    private let notices: FileNotices

    /// Nil if the file can't be read twice, such as a pipe.
    ///
    /// - Parameters:
    ///   - path: The path of the file.
    ///   - configuration: The configuration that was read from it.
    ///   - logger: The logger.
    ///   - timing: When the file is looked at.
    ///   - notices: The notices of changes.
    ///   - read: Reads the configuration as at the start.
    init?(
        _ path: String,
        _ configuration: KubeProxyConfiguration,
        _ logger: Logger,
        timing: ManifestTiming = ManifestTiming(),
        notices: FileNotices = FileNotices(),
        read: @escaping @Sendable () throws -> KubeProxyConfiguration
    ) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        (self.path, self.configuration, self.logger) = (path, configuration, logger)
        (self.timing, self.notices, self.read) = (timing, notices, read)
    }

    /// Runs until the file says something else, which is an error, or until it is shut down.
    func run() async throws {
        var alarm: Task<Void, Never>?
        defer { alarm?.cancel() }
        var lastErrors: [String] = []
        // There was no notice of changes since the file was read.
        notices.ring()
        for await _ in notices.bell.cancelOnGracefulShutdown() {
            guard await rest() else { return }
            // Before the look, so that there is a notice of each change after it.
            let gap = notices.follow(ManifestFiles(paths: [path]))
            let errors = try look()
            if errors != lastErrors {
                for error in errors { logger.error("\(error)") }
                if !errors.isEmpty { logger.warning("the configuration stays as it was, until \(path) is corrected") }
            }
            lastErrors = errors
            alarm?.cancel()
            alarm = Task { [notices, timing] in
                let time = gap == nil ? timing.safetyInterval : timing.interval
                // The only error of a sleep is that it was cancelled.
                guard (try? await Task.sleep(for: time)) != nil else { return }
                notices.ring()
            }
        }
    }

    /// Waits until the file is complete. Returns false at the end of the program.
    private func rest() async -> Bool {
        var time = notices.timeUntil(rest: timing.rest, openRest: timing.openRest)
        while time > .zero {
            guard await sleepUntilShutdown(for: time) else { return false }
            time = notices.timeUntil(rest: timing.rest, openRest: timing.openRest)
        }
        return true
    }

    /// Reads the file.
    ///
    /// - Returns: The errors in it.
    /// - Throws: `Failure` if it says something else.
    private func look() throws(Failure) -> [String] {
        let latest: KubeProxyConfiguration
        do {
            latest = try read()
        } catch {
            return "\(error)".split(separator: "\n").map(String.init)
        }
        guard latest != configuration else { return [] }
        throw Failure("\(path) has changed: the program ends, to be started again with the new configuration")
    }
}
