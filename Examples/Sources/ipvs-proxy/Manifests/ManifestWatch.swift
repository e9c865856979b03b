import Glibc
import Logging

/// The manifests as they were last read without an error, and what becomes otherwise in the files.
///
/// Whether they changed is found by a look at the state of all files once in a while. That sees every way of changing
/// them: edits in place, files that replace others, links that do, as those of a mounted ConfigMap, folders that come
/// again. Events of the kernel (inotify) would need a watch on each folder on the way to a file, and none of them come
/// from network file systems or for what was there before the watch was; for a look less than a second later that is
/// much.
struct ManifestWatch {
    let files: ManifestFiles
    let nodeName: String
    let logger: Logger

    /// As they were last read without an error.
    private(set) var manifests = Manifests()

    /// The state of the files that was last read, with or without an error; nil if none was.
    private var lastRead: ManifestFiles.Fingerprint?

    /// Whether a change since would have made another state.
    private(set) var isSettled = false

    /// What was wrong when they were last read.
    private var lastErrors: [ManifestError] = []

    /// The state at the last look or reading, and since when it is known to be so.
    private var lastSeen: ManifestFiles.Fingerprint?
    private var seenSince = ContinuousClock.now

    /// How long a state must have been seen so that a change would make another one, whichever clock the times of the
    /// files are by: one that was set back since, or that of a file server, can be hours behind them or ahead.
    private static let timeToSettle = Duration.seconds(3)

    /// How many looks in a row have found another state than the one before.
    private var restlessness = 0

    /// What has been told of the last state.
    private var told: Set<String> = []

    init(_ paths: [String], nodeName: String, logger: Logger) {
        files = ManifestFiles(paths: paths)
        self.nodeName = nodeName
        self.logger = logger
    }

    /// Looks whether the files have changed, and reads them if so.
    ///
    /// A file that is being written is left alone until two looks find it the same, as half a manifest can be a good
    /// one with less in it. Files that never rest are read all the same, if not at each look, but what is missing from
    /// them is kept until they rest. Files that were read right after a change are read again a little later, as they
    /// could have been changed once more without another state.
    /// - Returns: What is otherwise; nil if there is nothing new.
    mutating func look(at now: ContinuousClock.Instant = .now) throws(ManifestErrors) -> ManifestChanges? {
        let state = files.fingerprint()
        guard state != lastRead || !isSettled else {
            see(state, at: now)
            restlessness = 0
            return nil
        }
        guard state == lastSeen else {
            see(state, at: now)
            restlessness += 1
            return restlessness > 10 ? try read(state, at: now, atRest: false) : nil
        }
        guard state == lastRead else { return try read(state, at: now) }
        let errorsBefore = lastErrors
        do throws(ManifestErrors) {
            let changes = try read(state, at: now)
            return changes.isEmpty && errorsBefore.isEmpty ? nil : changes
        } catch {
            guard error.errors != errorsBefore else { return nil }
            throw error
        }
    }

    /// Reads the files, changed or not.
    /// - Returns: What is otherwise than it was last read without an error.
    mutating func read(at now: ContinuousClock.Instant = .now) throws(ManifestErrors) -> ManifestChanges {
        try read(files.fingerprint(), at: now)
    }

    /// Reads the files, which have been in a state.
    private mutating func read(
        _ state: ManifestFiles.Fingerprint,
        at now: ContinuousClock.Instant,
        atRest isAtRest: Bool = true
    ) throws(ManifestErrors) -> ManifestChanges {
        restlessness = 0
        let begin = time(nil)
        var (state, isAtRest) = (state, isAtRest)
        var reader = files.read(nodeName: nodeName)
        // What belongs together can be in several files. If they change all the time, the next look reads them again.
        for _ in 0..<3 {
            let stateAfter = files.fingerprint()
            guard stateAfter != state else { break }
            (state, isAtRest) = (stateAfter, false)
            reader = files.read(nodeName: nodeName)
        }
        (lastRead, lastErrors) = (state, reader.errors)
        see(state, at: now)
        isSettled = isAtRest && (state.isSettled(at: begin) || now - seenSince >= Self.timeToSettle)
        guard reader.errors.isEmpty else { throw ManifestErrors(errors: reader.errors) }
        tell(reader.notes)
        // While they are being written, they may have yet to get what is missing.
        let latest = isAtRest ? reader.manifests : reader.manifests.keeping(manifests)
        if latest != reader.manifests { logger.info("what is missing in the manifests is kept, as they still change") }
        let changes = ManifestChanges(from: manifests, to: latest)
        manifests = latest
        return changes
    }

    private mutating func see(_ state: ManifestFiles.Fingerprint, at now: ContinuousClock.Instant) {
        if state != lastSeen { (lastSeen, seenSince) = (state, now) }
    }

    /// Tells what has not been told of the last state already.
    private mutating func tell(_ notes: [ManifestNote]) {
        for note in notes where !told.contains(note.sentence) {
            logger.log(level: note.isWarning ? .warning : .debug, "\(note)")
        }
        told = Set(notes.map(\.sentence))
    }
}
