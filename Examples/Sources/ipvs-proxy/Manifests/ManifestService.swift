import Common
import CoreMetrics
import Logging
import ServiceLifecycle
import UnixSignals

/// Reports changes of the manifests.
///
/// It looks at the files when there is a notice of a change, and again once they are at rest. Without a change it sleeps.
actor ManifestService: Service {
    private var watch: ManifestWatch
    private let notices: FileNotices
    private let hangups: UnixSignalsSequence
    private let report: @Sendable (ManifestChanges) async -> Void
    private let logger: Logger
    private let timing: ManifestTiming
    private let errorCount: Gauge
    private let warningCount: Gauge

    /// How many times the files were looked at.
    private(set) var lookCount = 0

    /// When the files are looked at next without a notice; nil while they are being looked at.
    private(set) var nextLook: ContinuousClock.Instant?

    /// Whether a signal asked to read the files.
    private var isAsked = false

    /// Wakes for the next look.
    private var alarm: Task<Void, Never>?

    /// Why some changes have no notices, as it was logged last.
    private var gap: String?

    /// - Parameters:
    ///   - watch: The manifests, which have been read once.
    ///   - notices: The notices of changes of their files.
    ///   - hangups: The signals that ask to read the files, changed or not.
    ///   - logger: The logger.
    ///   - metrics: The factory of the metrics.
    ///   - timing: When files are looked at.
    ///   - report: Takes changes, one call after the other.
    init(
        _ watch: ManifestWatch,
        _ notices: FileNotices,
        _ hangups: UnixSignalsSequence,
        _ logger: Logger,
        _ metrics: any MetricsFactory,
        timing: ManifestTiming = ManifestTiming(),
        report: @escaping @Sendable (ManifestChanges) async -> Void
    ) {
        (self.watch, self.notices, self.hangups, self.logger) = (watch, notices, hangups, logger)
        (self.timing, self.report) = (timing, report)
        errorCount = Gauge(label: "ipvs_proxy_manifest_errors", factory: metrics)
        errorCount.record(0)
        warningCount = Gauge(label: "ipvs_proxy_manifest_warnings", factory: metrics)
        warningCount.record(watch.warningCount)
    }

    func run() async {
        await withTaskGroup { group in
            group.addTask {
                for await _ in self.hangups.cancelOnGracefulShutdown() { await self.ask() }
            }
            group.addTask { await self.follow() }
        }
    }

    private func ask() {
        isAsked = true
        notices.ring()
    }

    private func follow() async {
        defer { alarm?.cancel() }
        // There was no notice of changes since the files were read first.
        nextLook = .now
        notices.ring()
        for await _ in notices.bell.cancelOnGracefulShutdown() {
            if isAsked { await readNow() }
            // The files may have been looked at since the notice.
            guard notices.takeNews() || nextLook.map({ $0 <= .now }) == true else { continue }
            nextLook = nil
            await look()
            while watch.isPending, await rest() { await look() }
            setAlarm()
        }
    }

    /// Waits until the files are at rest, or have been changing for too long. Returns false at the end of the program.
    private func rest() async -> Bool {
        let begin = ContinuousClock.now
        var time = gap == nil ? timing.rest : timing.interval
        repeat {
            guard await sleepUntilShutdown(for: time) else { return false }
            if isAsked { await readNow() }
            // Not longer than that, as an open file may be closed meanwhile.
            time = min(notices.timeUntil(rest: timing.rest, openRest: timing.openRest), timing.rest)
        } while time > .zero && .now - begin < timing.patience
        return !Task.isShuttingDownGracefully
    }

    private func setAlarm() {
        let time = gap == nil ? timing.safetyInterval : timing.interval
        var next = ContinuousClock.now + time
        if let settling = watch.settling, settling < next { next = settling }
        nextLook = next
        alarm?.cancel()
        alarm = Task { [notices] in
            // The only error of a sleep is that it was cancelled.
            guard (try? await Task.sleep(until: next, clock: .continuous)) != nil else { return }
            notices.ring()
        }
    }

    private func look() async {
        lookCount += 1
        // Before the look, so that there is a notice of each change after it.
        _ = notices.takeNews()
        let gap = notices.follow(watch.files)
        if let gap, gap != self.gap {
            logger.notice(
                "the manifests are looked at every \(timing.interval), as changes can go unnoticed: \(gap)"
            )
        }
        self.gap = gap
        await tell { watch throws(ManifestErrors) in try watch.look() }
    }

    private func readNow() async {
        isAsked = false
        logger.info("reading the manifests, as SIGHUP asks")
        await tell { watch throws(ManifestErrors) in try watch.read() }
    }

    /// Reports the differences, or logs why they can't be determined.
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
            await report(changes)
        } catch {
            errorCount.record(error.all.count)
            for line in error.lines { logger.error("\(line)") }
            logger.warning("the manifests are as before, until these errors are mended: \(watch.manifests)")
        }
    }
}
