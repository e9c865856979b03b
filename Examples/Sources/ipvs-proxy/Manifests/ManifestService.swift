import Common
import CoreMetrics
import IPVSProxy
import Logging
import ServiceLifecycle
import UnixSignals

/// Reports changes of the manifests to a proxier.
actor ManifestService: Service {
    private var watch: ManifestWatch
    private let hangups: UnixSignalsSequence
    private let proxier: Proxier
    private let logger: Logger
    private let errorCount: Gauge
    private let warningCount: Gauge

    /// The time between two checks.
    private static let interval = Duration.milliseconds(500)

    init(
        _ watch: ManifestWatch,
        _ hangups: UnixSignalsSequence,
        _ proxier: Proxier,
        _ logger: Logger,
        _ metrics: any MetricsFactory
    ) {
        (self.watch, self.hangups, self.proxier, self.logger) = (watch, hangups, proxier, logger)
        errorCount = Gauge(label: "ipvs_proxy_manifest_errors", factory: metrics)
        errorCount.record(0)
        warningCount = Gauge(label: "ipvs_proxy_manifest_warnings", factory: metrics)
        warningCount.record(watch.warningCount)
    }

    func run() async {
        await withTaskGroup { group in
            group.addTask {
                for await _ in self.hangups.cancelOnGracefulShutdown() { await self.readNow() }
            }
            group.addTask {
                while await Self.pause() { await self.look() }
            }
        }
    }

    /// Waits for the next check. Returns false if there is none.
    private static func pause() async -> Bool {
        do {
            try await cancelWhenGracefulShutdown { try await Task.sleep(for: interval) }
            return !Task.isShuttingDownGracefully
        } catch {
            // The task was cancelled, the only error of a sleep.
            return false
        }
    }

    private func look() async {
        await tell { watch throws(ManifestErrors) in try watch.look() }
    }

    private func readNow() async {
        logger.info("reading the manifests, as SIGHUP asks")
        await tell { watch throws(ManifestErrors) in try watch.read() }
    }

    /// Reports the differences to the proxier, or logs why they can't be determined.
    private func tell(
        _ read: (inout ManifestWatch) throws(ManifestErrors) -> ManifestChanges?
    ) async {
        do throws(ManifestErrors) {
            let changes = try read(&watch)
            // Also without changes of what is served.
            warningCount.record(watch.warningCount)
            guard let changes else { return }
            errorCount.record(0)
            guard !changes.isEmpty else { return logger.info("nothing has changed in the manifests") }
            logger.info("the manifests have changed: \(changes)")
            await proxier.tell(changes)
        } catch {
            errorCount.record(error.all.count)
            for line in error.lines { logger.error("\(line)") }
            logger.warning("the manifests are as before, until these errors are mended: \(watch.manifests)")
        }
    }
}
