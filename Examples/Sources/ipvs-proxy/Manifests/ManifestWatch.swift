import Common
import Glibc
import Logging

/// The manifests as they were last read without an error, and their changes.
///
/// Each check compares the state of all files with that of the last one, which detects all kinds of changes: edits in
/// place, files that replace others, replaced links as in a mounted ConfigMap, and folders that are created again. Whoever
/// uses it decides when to check. ``FileNotices`` say when it is worth it.
struct ManifestWatch {
    let files: ManifestFiles
    let node: NodeIdentity
    let logger: Logger

    /// The manifests as they were last read without an error.
    private(set) var manifests = Manifests()

    /// The state of the files when they were last read, with or without an error; nil if they were never read.
    private var lastRead: ManifestFiles.Fingerprint?

    /// Whether a later change would have resulted in another state.
    private(set) var isSettled = false

    /// Whether the files did not change while they were last read.
    private var wasAtRest = false

    /// The errors when they were last read.
    private var lastErrors: Several<ManifestError> = []

    /// The state at the last check, and the time since which it has been the same.
    private var lastSeen: ManifestFiles.Fingerprint?
    private var seenSince = ContinuousClock.now

    /// The time after which a change results in another state, whichever clock determines the times of the files. A
    /// clock that was set back, or that of a file server, can be hours behind or ahead.
    private static let timeToSettle = Duration.seconds(3)

    /// Whether there is a change that was not read, or was read before it was complete, so that another check is due soon.
    var isPending: Bool { lastSeen != lastRead || !wasAtRest }

    /// When a check can tell whether there was another change right after the last one; nil if there was none.
    var settling: ContinuousClock.Instant? { isSettled ? nil : seenSince + Self.timeToSettle }

    /// The number of checks in a row that found a different state.
    private var restlessness = 0

    /// The number of warnings about the manifests as they were last read without an error.
    private(set) var warningCount = 0

    /// The keys of the messages that were logged for the last state.
    private var told: Set<ManifestNote.Key> = []

    /// Watches files; or with `isRepeated` false, files that are read only once, which can then be pipes.
    init(_ paths: [String], node: NodeIdentity, logger: Logger, isRepeated: Bool = true) {
        files = ManifestFiles(paths: paths, isRepeated: isRepeated)
        self.node = node
        self.logger = logger
    }

    /// Reads the files if they have changed.
    ///
    /// A file that is being written is not read until two checks find it unchanged, as half of a manifest can be valid.
    /// Files that never stop changing are read too, though not in each check, but what is missing from them is kept
    /// until they no longer change. Files that were read right after a change are read again a little later, as a
    /// second change may not have changed their state.
    /// - Returns: The changes, or nil if there are none.
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
            guard error.all != errorsBefore else { return nil }
            throw error
        }
    }

    /// Reads the files, changed or not.
    /// - Returns: The changes since they were last read without an error.
    mutating func read(at now: ContinuousClock.Instant = .now) throws(ManifestErrors) -> ManifestChanges {
        try read(files.fingerprint(), at: now)
    }

    /// Reads the files, whose state is known.
    private mutating func read(
        _ state: ManifestFiles.Fingerprint,
        at now: ContinuousClock.Instant,
        atRest isAtRest: Bool = true
    ) throws(ManifestErrors) -> ManifestChanges {
        restlessness = 0
        let begin = time(nil)
        var (state, isAtRest) = (state, isAtRest)
        var reader = files.read(for: node)
        // Related objects can be in several files. If they change all the time, the next check reads them again.
        for _ in 0..<(files.haveStreams ? 0 : 3) {
            let stateAfter = files.fingerprint()
            guard stateAfter != state else { break }
            (state, isAtRest) = (stateAfter, false)
            reader = files.read(for: node)
        }
        (lastRead, lastErrors) = (state, reader.allErrors)
        see(state, at: now)
        wasAtRest = isAtRest
        isSettled = isAtRest && (state.isSettled(at: begin) || now - seenSince >= Self.timeToSettle)
        guard reader.errors.isEmpty else { throw ManifestErrors(all: reader.allErrors) }
        tell(reader.notes, atRest: isAtRest)
        // While files are being written, missing objects may not have been written yet.
        let latest = isAtRest ? reader.manifests : reader.manifests.keeping(manifests)
        if latest != reader.manifests { logger.info("what is missing in the manifests is kept, as they still change") }
        let changes = ManifestChanges(from: manifests, to: latest)
        manifests = latest
        return changes
    }

    private mutating func see(_ state: ManifestFiles.Fingerprint, at now: ContinuousClock.Instant) {
        if state != lastSeen { (lastSeen, seenSince) = (state, now) }
    }

    /// Logs messages that were not yet logged for the last state.
    ///
    /// While files are being written, messages about missing objects would be premature.
    private mutating func tell(_ notes: [ManifestNote], atRest isAtRest: Bool) {
        let notes = isAtRest ? notes : notes.filter { !$0.isOfSeveral }
        for note in notes where !told.contains(note.key) {
            logger.log(level: note.isWarning ? .warning : .debug, "\(note)")
        }
        let keys = Set(notes.map(\.key))
        told = isAtRest ? keys : told.union(keys)
        warningCount = notes.count { $0.isWarning }
    }
}
