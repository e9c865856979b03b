import CoreMetrics
import IPVS
import IPVSProxyTestSamples
import IPVSProxyTesting
import IPVSTestModels
import IPVSTesting
import Logging

@testable import IPVSNode
@testable import IPVSProxy

/// A proxier with a control plane that the test plays, and a node in memory.
struct Harness {
    let proxier: Proxier
    let node: InMemoryNode

    /// The packet rules; nil if the proxier has none.
    let filter: WatchedFilter?

    private let clock: Locked<ContinuousClock.Instant>

    /// A proxier on a node that may have state of earlier ones. Its clock stands still, unlike the node's.
    init(
        _ configuration: Proxier.Configuration = Self.configuration,
        node: InMemoryNode = InMemoryNode(),
        hasRules: Bool = false,
        tracking: FakeTracking? = nil,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance,
        log: any LogHandler = SwiftLogNoOpLogHandler()
    ) throws {
        let clock = Locked(ContinuousClock.now)
        let filter = hasRules ? WatchedFilter(node) : nil
        (self.node, self.filter, self.clock) = (node, filter, clock)
        var kernel = NodeSync.Kernel(
            table: try Handle(testing: node.kernel),
            binder: try AddressBinder(interface: configuration.interface, testing: node),
            sysctls: Sysctls(testing: node),
            packetFilter: filter
        )
        kernel.tracking = tracking
        let logger = Logger(label: "test") { _ in log }
        proxier = Proxier(configuration, kernel, logger: logger, metrics: metrics) { clock.value }
    }

    static var configuration: Proxier.Configuration {
        var configuration = Proxier.Configuration()
        configuration.sysctls = []
        return configuration
    }

    /// A new process on the same node.
    func restarted(
        _ configuration: Proxier.Configuration? = nil,
        log: any LogHandler = SwiftLogNoOpLogHandler()
    ) throws -> Harness {
        try Harness(configuration ?? proxier.configuration, node: node, hasRules: filter != nil, log: log)
    }

    /// Sets the clock forward.
    func advance(by duration: Duration) { clock.withLock { $0 = $0.advanced(by: duration) } }

    func tell(_ events: [RandomHistory.Event]) async {
        for event in events {
            switch event {
            case .service(let service): await proxier.onServiceAdd(service)
            case .serviceDeleted(let name): await proxier.onServiceDelete(ServiceDefinition(name, ports: [:]))
            case .slice(let slice): await proxier.onEndpointSliceAdd(slice, triggeredAt: clock.value)
            case .sliceDeleted(let name):
                await proxier.onEndpointSliceDelete(EndpointSlice(name, of: name, endpoints: [:]))
            case .node: break
            }
        }
    }

    /// Reports that both initial lists are complete.
    func tellAllIsThere(_ events: [RandomHistory.Event] = []) async {
        await tell(events)
        await proxier.onServiceSynced()
        await proxier.onEndpointSliceSynced()
    }

    /// The virtual servers with their real servers and weights, as texts.
    var services: [String: [String]] {
        var texts: [String: [String]] = [:]
        for (id, service) in kernel.entries {
            texts["\(id)"] = service.realServers.map { "\($0.endpoint) \($0.weight)" }
        }
        return texts
    }

    /// The addresses bound to the interface, of any kind.
    var addresses: Set<IPAddress> { Set((interface?.addresses ?? []).map(\.address)) }

    /// The alias of the interface.
    var alias: String? { interface.flatMap { $0.alias.isEmpty ? nil : $0.alias } }

    private var interface: InMemoryNode.Interface? { node.interfaces[proxier.configuration.interface] }

    /// The kernel's table.
    var kernel: InMemoryKernel { node.kernel }

    /// Forgets what the node was asked for.
    func startAnew() {
        kernel.forgetCommands()
        node.forgetRequests()
    }
}

extension InMemoryKernel {
    /// The virtual servers with their real servers.
    var entries: [VirtualServer.Identity: Table.Entry] {
        Dictionary(uniqueKeysWithValues: table.entries.map { ($0.server.id, $0) })
    }

    /// Changes the table as an administrator does.
    func edit(_ body: (inout [VirtualServer.Identity: Table.Entry]) -> Void) throws {
        var entries = entries
        body(&entries)
        let report = try Handle(testing: self).apply(try Table(entries.values))
        if let failure = report.failures.first { throw failure.error }
    }

    /// Adds a virtual server with a real server, as others do.
    func addOthers(_ text: String, flags: VirtualServer.Flags = []) throws {
        var entry = Table.Entry(VirtualServer(id(text), scheduler: .weightedRoundRobin, flags: flags))
        let address = entry.server.id.family == .ipv4 ? "10.244.0.1" : "fd00:244::1"
        entry.replace(RealServer(Endpoint(IPVSProxyTestSamples.address(address), 8080), forwarding: .masquerade))
        try edit { $0[entry.server.id] = entry }
    }

    /// Refuses changes with an errno, until ``removeFaults()``.
    func refuse(_ errno: Int32, where matches: @escaping @Sendable (Command) -> Bool = { _ in true }) {
        inject(.errno(errno), times: .max, where: { $0.isChange && matches($0) })
    }

    /// Sets the number of a real server's connections.
    func set(_ connections: UInt32, of endpoint: ServiceEndpoint, _ server: String) throws {
        try setConnections(inactive: connections, of: endpoint.endpoint, in: id(server))
    }
}

extension InMemoryNode {
    /// A node with a dummy interface besides its own interfaces.
    convenience init(dummy name: String, _ addresses: [String] = [], alias: String = "") {
        self.init()
        change { $0.interfaces[name] = .dummy(addresses.map { address($0) }, alias: alias) }
    }

    /// A node with some kernel settings and no others.
    convenience init(sysctls: [String: Int], alias: String? = nil) {
        self.init()
        change { contents in
            contents.sysctls = sysctls
            if let alias { contents.interfaces["kube-ipvs0"] = .dummy(alias: alias) }
        }
    }
}

extension RandomHistory.Event {
    /// A service with the port `http`.
    static func web(_ port: ServicePort, name: NamespacedName = IPVSProxyTestSamples.web) -> Self {
        .service(ServiceDefinition(name, ports: ["http": port]))
    }

    /// The endpoint slice of a service.
    static func endpoints(_ endpoints: [ServiceEndpoint], of name: NamespacedName = IPVSProxyTestSamples.web) -> Self {
        .slice(EndpointSlice(name, of: name, endpoints: ["http": endpoints]))
    }
}
