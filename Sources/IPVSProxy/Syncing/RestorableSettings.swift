import IPVSNode

/// Which changes of kernel settings a clean-up may restore on the word of an interface's alias.
///
/// Whoever may administer a network namespace can write an alias there, but a clean-up may run as the root of the whole
/// machine. So an alias is believed only where it names a setting that a proxier changes: one of the IPVS mode or of connection
/// tracking, one that the configuration names, or a timeout of idle connections. A name is compared as a whole, so no spelling of a path leads elsewhere.
struct RestorableSettings {
    private let configured: Set<String>

    /// The settings that proxiers know, and those of a configuration.
    init(configured: [Sysctl] = []) { self.configured = Set(configured.map(\.name)) }

    /// Whether a change of a timeout is one that a proxier can have made. There are only three, which need no configuration, and
    /// to the kernel they are positive integers of 32 bits.
    func include(_ change: TimeoutSetting.Change) -> Bool {
        (1...UInt32(Int32.max)).contains(change.before) && (1...UInt32(Int32.max)).contains(change.after)
    }

    /// Whether a change is one that a proxier can have made.
    func include(_ change: Sysctls.Change) -> Bool {
        if configured.contains(change.name) { return true }
        // To the kernel these are integers of 32 bits.
        return Sysctl.knownNames.contains(change.name)
            && Int32(exactly: change.before) != nil && Int32(exactly: change.after) != nil
    }
}
