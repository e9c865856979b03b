/// A scheduler, which selects the real server for a new connection.
///
/// Each scheduler is a kernel module named `ip_vs_NAME`, which the kernel loads when it is first needed. Any name can
/// be used. If the kernel doesn't have the scheduler, it reports ``IPVSError/Code/schedulerNotFound``.
/// The corresponding C constant is `IPVS_SVC_ATTR_SCHED_NAME`.
public struct Scheduler: RawRepresentable, Hashable, Sendable, Codable {
    /// The kernel's name of the scheduler: 1 to 15 bytes.
    public let rawValue: String

    /// A scheduler with a name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// `rr`: each real server in turn.
    public static let roundRobin = Scheduler(rawValue: "rr")

    /// `wrr`: in turn, in proportion to the weights.
    public static let weightedRoundRobin = Scheduler(rawValue: "wrr")

    /// `lc`: the real server with the fewest connections.
    public static let leastConnection = Scheduler(rawValue: "lc")

    /// `wlc`: the real server with the fewest connections relative to its weight.
    public static let weightedLeastConnection = Scheduler(rawValue: "wlc")

    /// `lblc`: by destination address, for cache clusters; another real server if that one is overloaded.
    public static let localityBasedLeastConnection = Scheduler(rawValue: "lblc")

    /// `lblcr`: like `lblc`, with a set of real servers for each destination address.
    public static let localityBasedLeastConnectionWithReplication = Scheduler(rawValue: "lblcr")

    /// `dh`: by a hash of the destination address.
    public static let destinationHashing = Scheduler(rawValue: "dh")

    /// `sh`: by a hash of the source address. See ``VirtualServer/Flags/shFallback`` and
    /// ``VirtualServer/Flags/shPort``.
    public static let sourceHashing = Scheduler(rawValue: "sh")

    /// `mh`: by the Maglev consistent hash of the source address. See ``VirtualServer/Flags/mhFallback`` and
    /// ``VirtualServer/Flags/mhPort``.
    public static let maglevHashing = Scheduler(rawValue: "mh")

    /// `sed`: the shortest expected delay.
    public static let shortestExpectedDelay = Scheduler(rawValue: "sed")

    /// `nq`: an idle real server if there is one, otherwise like `sed`.
    public static let neverQueue = Scheduler(rawValue: "nq")

    /// `fo`: the available real server with the highest weight.
    public static let weightedFailover = Scheduler(rawValue: "fo")

    /// `ovf`: the real server with the highest weight until its connections exceed that weight, then the next one.
    public static let weightedOverflow = Scheduler(rawValue: "ovf")

    /// `twos`: the less loaded of two random real servers.
    public static let powerOfTwoChoices = Scheduler(rawValue: "twos")

    // The kernel's buffer has IP_VS_SCHEDNAME_MAXLEN, 16, bytes including a terminating NUL.
    static let maximumNameLength = 15
}

extension Scheduler: CustomStringConvertible {
    /// The kernel's name of the scheduler.
    public var description: String { rawValue }
}
