import IPVS

// The timeouts of idle connections. They are treated like sysctls: set where they differ, recorded in the label, and restored
// where nobody has changed them since.

extension NodeSync {
    /// The changes that the configured timeouts require. Nothing is read if there are none.
    func checkTimeouts() throws(IPVSError) -> TimeoutSetting.Outcome { try ensure(configuration.timeouts) { _ in } }

    /// Sets the configured timeouts that differ.
    func ensureTimeouts() throws(IPVSError) -> TimeoutSetting.Outcome { try ensure(configuration.timeouts, by: set) }

    /// Reverts changes of timeouts that nobody has changed since.
    func restoreTimeouts(_ changes: [TimeoutSetting.Change]) throws(IPVSError) -> TimeoutSetting.Outcome {
        guard !changes.isEmpty else { return TimeoutSetting.Outcome() }
        let current = try kernel.table.timeouts()
        var former = Timeouts()
        for change in changes where current[keyPath: change.setting.path] == change.after {
            former[keyPath: change.setting.path] = change.before
        }
        return try ensure(former, by: set)
    }

    /// Sets timeouts that differ, each on its own, as the kernel refuses all if it refuses one.
    private func ensure(
        _ desired: Timeouts,
        by set: (TimeoutSetting.Change) throws(IPVSError) -> Void
    ) throws(IPVSError) -> TimeoutSetting.Outcome {
        var outcome = TimeoutSetting.Outcome()
        guard desired != Timeouts() else { return outcome }
        let current = try kernel.table.timeouts()
        for setting in TimeoutSetting.allCases {
            guard let value = desired[keyPath: setting.path] else { continue }
            guard let before = current[keyPath: setting.path] else {
                outcome.failures.append(TimeoutSetting.Failure(setting: setting, value: value, error: nil))
                continue
            }
            guard before != value else { continue }
            let change = TimeoutSetting.Change(setting, before: before, after: value)
            do throws(IPVSError) {
                try set(change)
                outcome.changes.append(change)
            } catch {
                outcome.failures.append(TimeoutSetting.Failure(setting: setting, value: value, error: error))
            }
        }
        return outcome
    }

    private func set(_ change: TimeoutSetting.Change) throws(IPVSError) {
        var timeouts = Timeouts()
        timeouts[keyPath: change.setting.path] = change.after
        try kernel.table.setTimeouts(timeouts)
    }
}
