/// How a virtual server picks the real server for a new connection, by the name of the kernel's scheduler.
///
/// Each is a kernel module named `ip_vs_` and the name, which the kernel loads when it is first asked for. Any name
/// can be used; one that the kernel does not know comes back as ``IPVSError/Code/schedulerNotFound``.
public struct Scheduler: RawRepresentable, Hashable, Sendable, Codable {
    /// The kernel's name of the scheduler: 1 to 15 bytes.
    public let rawValue: String

    /// The scheduler that the kernel knows by a name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// `rr`: each real server in turn.
    public static let roundRobin = Scheduler(rawValue: "rr")

    /// `wrr`: in turn, as often as the weight says.
    public static let weightedRoundRobin = Scheduler(rawValue: "wrr")

    /// `lc`: the fewest connections.
    public static let leastConnection = Scheduler(rawValue: "lc")

    /// `wlc`: the fewest connections for its weight.
    public static let weightedLeastConnection = Scheduler(rawValue: "wlc")

    /// `lblc`: by destination address, for cache clusters; another one when that is overloaded.
    public static let localityBasedLeastConnection = Scheduler(rawValue: "lblc")

    /// `lblcr`: as `lblc`, with a set of real servers for each destination address.
    public static let localityBasedLeastConnectionWithReplication = Scheduler(rawValue: "lblcr")

    /// `dh`: by a hash of the destination address.
    public static let destinationHashing = Scheduler(rawValue: "dh")

    /// `sh`: by a hash of the source address. See ``VirtualServer/Flags/shFallback`` and ``VirtualServer/Flags/shPort``.
    public static let sourceHashing = Scheduler(rawValue: "sh")

    /// `mh`: by Maglev's consistent hash of the source address. See ``VirtualServer/Flags/mhFallback`` and
    /// ``VirtualServer/Flags/mhPort``.
    public static let maglevHashing = Scheduler(rawValue: "mh")

    /// `sed`: the shortest expected delay.
    public static let shortestExpectedDelay = Scheduler(rawValue: "sed")

    /// `nq`: an idle real server if there is one, else as `sed`.
    public static let neverQueue = Scheduler(rawValue: "nq")

    /// `fo`: the real server of the highest weight that is available.
    public static let weightedFailover = Scheduler(rawValue: "fo")

    /// `ovf`: the real server of the highest weight, until its connections exceed that weight; then the next.
    public static let weightedOverflow = Scheduler(rawValue: "ovf")

    /// `twos`: the less loaded of two random ones.
    public static let powerOfTwoChoices = Scheduler(rawValue: "twos")

    // The kernel's buffer, IP_VS_SCHEDNAME_MAXLEN, has 16 bytes and ends in a NUL.
    static let maximumNameLength = 15
}

extension Scheduler: CustomStringConvertible {
    /// The kernel's name of the scheduler.
    public var description: String { rawValue }
}
