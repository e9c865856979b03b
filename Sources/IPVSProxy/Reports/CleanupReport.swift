public import IPVS
public import IPVSNode

/// What ``Proxier/cleanup()`` has removed.
public struct CleanupReport: Hashable, Sendable {
    /// How many virtual servers were deleted.
    public internal(set) var virtualServers = 0

    /// How many addresses were unbound.
    public internal(set) var addresses = 0

    /// Whether the interface was removed. It stays if others have bound addresses to it.
    public internal(set) var removedInterface = false

    /// Whether packet rules were removed.
    public internal(set) var removedRules = false

    /// What became of the kernel settings that had been changed.
    public internal(set) var settings = Sysctls.Outcome()

    /// What became of the timeouts of idle connections that had been changed.
    public internal(set) var timeouts = TimeoutSetting.Outcome()

    /// Virtual servers without any proxier's mark at the addresses that were unbound. Another program may have added them, or
    /// taken the mark away; so they stay, although no packets may reach them any more.
    public internal(set) var left: [VirtualServer.Identity] = []

    /// What could not be removed.
    public internal(set) var failures: [SyncFailure] = []
}
