import Foundation
import IPVS
import IPVSProxyTestKernel
import IPVSProxyTestSamples
import IPVSTestKernel
import Logging
import Metrics
import Synchronization
import Testing

@testable import IPVSNode
@testable import IPVSProxy

/// A node for one test: a namespace that proxiers and others change and read.
struct TestNode {
    let namespace: TestNamespace

    /// The test's own access to the table.
    let handle: Handle

    init() throws {
        namespace = try TestNamespace()
        handle = try namespace.open()
    }

    /// A proxier of the node, as if in a new process.
    func proxier(_ change: (inout Proxier.Configuration) -> Void = { _ in }) throws -> Proxier {
        try Proxier(configuration(change), logger: .silent)
    }

    /// A proxier with a clock that the test sets.
    func proxier(
        _ clock: TestClock,
        _ change: (inout Proxier.Configuration) -> Void = { _ in }
    ) throws -> Proxier {
        let configuration = configuration(change)
        let place = NetworkNamespace.path(namespace.path)
        let kernel = NodeSync.Kernel(
            table: try Handle(namespace: place),
            binder: try AddressBinder(
                interface: configuration.interface,
                method: configuration.bindingMethod,
                namespace: place
            ),
            sysctls: Sysctls(namespace: place)
        )
        return Proxier(configuration, kernel, logger: .silent, metrics: NOOPMetricsHandler.instance) { clock.now }
    }

    private func configuration(_ change: (inout Proxier.Configuration) -> Void) -> Proxier.Configuration {
        var configuration = Proxier.Configuration()
        configuration.namespace = .path(namespace.path)
        // No period ends unless a test wants it to.
        configuration.syncPeriod = .seconds(3_600)
        change(&configuration)
        return configuration
    }

    /// Adds an interface with an address of each family to the node.
    func addNodeAddresses() throws {
        try namespace.run("ip", "link", "add", "eth7", "type", "dummy")
        try namespace.run("ip", "link", "set", "eth7", "up")
        try namespace.run("ip", "addr", "add", "192.0.2.1/24", "dev", "eth7")
        try namespace.run("ip", "-6", "addr", "add", "2001:db8::1/64", "dev", "eth7", "nodad")
    }

    /// The sorted addresses of an interface with their prefix lengths, in ip's form; nil if there is no
    /// such interface.
    func addresses(of interface: String = AddressBinder.defaultInterface) throws -> [String]? {
        guard try namespace.hasInterface(interface) else { return nil }
        return try namespace.interface(interface).addresses.map { "\($0.local)/\($0.prefixlen)" }.sorted()
    }

    /// The alias of an interface, according to `ip`; nil if it has none.
    func alias(of interface: String = AddressBinder.defaultInterface) throws -> String? {
        let text = try namespace.run("ip", "-details", "link", "show", "dev", interface)
        let lines = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        return lines.first { $0.hasPrefix("alias ") }.map { String($0.dropFirst("alias ".count)) }
    }

    /// The value of a kernel setting.
    func setting(_ name: String) throws -> String {
        try namespace.run("sysctl", "-n", name).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// A clock that stands still unless it is set forward.
final class TestClock: Sendable {
    private let time = Mutex(ContinuousClock.now)

    var now: ContinuousClock.Instant { time.withLock { $0 } }

    func advance(by duration: Duration) { time.withLock { $0 += duration } }
}

extension Proxier {
    /// Reports that these are all services and slices.
    func tell(_ services: [ServiceDefinition], _ slices: [EndpointSlice] = []) {
        for service in services { onServiceAdd(service) }
        onServiceSynced()
        for slice in slices { onEndpointSliceAdd(slice) }
        onEndpointSliceSynced()
    }

    /// Runs a sync, which must succeed without a failure.
    @discardableResult
    func syncWell(sourceLocation: SourceLocation = #_sourceLocation) async throws -> SyncReport {
        let report = try #require(try await sync(), sourceLocation: sourceLocation)
        #expect(report.isComplete, "\(report)", sourceLocation: sourceLocation)
        return report
    }
}

extension SyncReport {
    /// Whether the sync changed nothing.
    var isIdle: Bool { changes == 0 && bound == 0 && unbound == 0 && drained == 0 && draining == 0 && isComplete }
}

/// A service with a single port that has no name.
func service(_ name: String, _ port: ServicePort) -> ServiceDefinition {
    ServiceDefinition(NamespacedName("default", name), ports: ["": port])
}

/// The only slice of such a service.
func slice(_ service: String, _ endpoints: [ServiceEndpoint]) -> EndpointSlice {
    let name = NamespacedName("default", "\(service)-1")
    return EndpointSlice(name, of: NamespacedName("default", service), endpoints: ["": endpoints])
}

/// The only slice of a service whose endpoints are all ready.
func slice(_ service: String, _ endpoints: String...) -> EndpointSlice {
    slice(service, endpoints.map { ServiceEndpoint($0) })
}

/// Repeats an action until it has the expected result; after a long time without it, the test fails.
func trying(
    until condition: () async throws -> Bool,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let deadline = ContinuousClock.now + .seconds(90)
    while ContinuousClock.now < deadline {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(50))
    }
    Issue.record("it did not come true", sourceLocation: sourceLocation)
}
