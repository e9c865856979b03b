import IPVS

/// The state of IPVS in a network namespace.
struct TableState {
    let version: InMemoryKernel.Version

    /// The ticks of the kernel's clock in a second. Times are kept in ticks, and those that are too long for them overflow.
    let ticksPerSecond: UInt32

    var interfaces: Set<String>
    var isLoopbackUp = true

    var services: [ServiceKey: VirtualServerState] = [:]

    /// The timeouts, of which none is nil.
    var timeouts = Timeouts(tcp: 900, tcpFIN: 120, udp: 300)

    var daemons: [UInt32: DaemonState] = [:]

    /// Whether there was a virtual server or a backup daemon yet, for which the kernel makes a connection table.
    var hasConnectionTable = false

    /// The number of the next virtual or real server.
    private var next = 0

    init(_ version: InMemoryKernel.Version, ticksPerSecond: UInt32, interfaces: Set<String>) {
        self.version = version
        self.ticksPerSecond = ticksPerSecond
        self.interfaces = interfaces
    }

    mutating func takeNumber() -> Int {
        defer { next += 1 }
        return next
    }

    /// The virtual servers in the order of their addition.
    var sortedServices: [VirtualServerState] { services.values.sorted { $0.number < $1.number } }

    /// Whether a real server is of another family than its virtual server.
    var hasMixedFamilies: Bool {
        services.values.contains { service in
            service.realServers.keys.contains { $0.family != service.key.family }
        }
    }
}
