import CoreMetrics
import Foundation
import IPVS
import IPVSNodeTestFakes
import IPVSProxyTestSamples
import IPVSTestModels
import Logging

@testable import IPVSNode
@testable import IPVSProxy

/// A proxier with a control plane that the test plays and a kernel that stands in for the real one.
struct Harness {
    let proxier: Proxier
    let table: FakeTable
    let route: RouteKernel
    let files: FakeFiles
    let filter: FakeFilter?
    private let clock: Locked<ContinuousClock.Instant>

    /// A proxier on a kernel that may have state of earlier ones.
    init(
        _ configuration: Proxier.Configuration = Self.configuration,
        table: FakeTable = FakeTable(),
        route: RouteKernel = RouteKernel { $0.add("eth0", kind: nil, ["192.0.2.10/24", "2001:db8::10/64"]) },
        files: FakeFiles = FakeFiles([:]),
        filter: FakeFilter? = nil,
        tracking: FakeTracking? = nil,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance,
        log: any LogHandler = SwiftLogNoOpLogHandler()
    ) throws {
        let clock = Locked(ContinuousClock.now)
        (self.table, self.route, self.files, self.filter, self.clock) = (table, route, files, filter, clock)
        let kernel = NodeSync.Kernel(
            table: table,
            binder: try AddressBinder(interface: configuration.interface, channel: route),
            sysctls: Sysctls(files: files),
            packetFilter: filter,
            tracking: tracking
        )
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
        try Harness(
            configuration ?? proxier.configuration,
            table: table,
            route: route,
            files: files,
            filter: filter?.reopened(),
            log: log
        )
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
        table.with { state in
            var texts: [String: [String]] = [:]
            for (id, service) in state.services {
                texts["\(id)"] = service.realServers.map { "\($0.endpoint) \($0.weight)" }
            }
            return texts
        }
    }

    /// The addresses bound to the interface.
    var addresses: Set<IPAddress> { route.with { $0.addresses(of: proxier.configuration.interface) ?? [] } }

    /// The alias of the interface.
    var alias: String? {
        route.with { state in
            state.interfaces.values.first { $0.name == proxier.configuration.interface }?.alias
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
