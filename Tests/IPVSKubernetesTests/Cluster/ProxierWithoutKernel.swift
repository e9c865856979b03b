import IPVSNodeTestFakes
import Logging
import Metrics

@testable import IPVS
@testable import IPVSNode
@testable import IPVSProxy

/// A table that can't be used: these tests look at what a proxier hears, not at what it does.
private struct NoTable: KernelTable {
    private static let error = IPVSError(.system, .readVirtualServers)

    func compare(
        with desired: Table,
        where isIncluded: (VirtualServer) -> Bool
    ) throws(IPVSError) -> Comparison {
        throw Self.error
    }

    func entry(_ id: VirtualServer.Identity) throws(IPVSError) -> Table.Entry? { throw Self.error }

    func realServers(of id: VirtualServer.Identity) throws(IPVSError) -> [RealServer.Status] { throw Self.error }

    func timeouts() throws(IPVSError) -> Timeouts { throw Self.error }

    func setTimeouts(_ timeouts: Timeouts) throws(IPVSError) { throw Self.error }

    func make(_ plan: Table.Plan) throws(IPVSError) -> Handle.Batch.Outcome { throw Self.error }
}

extension Proxier {
    /// A proxier on a machine without IPVS.
    static func withoutKernel() throws -> Proxier {
        let configuration = Configuration()
        let kernel = NodeSync.Kernel(
            table: NoTable(),
            binder: try AddressBinder(interface: configuration.interface, channel: RouteKernel { _ in }),
            sysctls: Sysctls(files: FakeFiles([:]))
        )
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return Proxier(configuration, kernel, logger: logger, metrics: NOOPMetricsHandler.instance) { .now }
    }

    /// The services that it has heard.
    var toldServices: [ServiceDefinition] {
        _ = state.commit()
        return state.services.objects.values.sorted { $0.name < $1.name }
    }

    /// The slices that it has heard.
    var toldSlices: [EndpointSlice] {
        _ = state.commit()
        return state.slices.objects.values.sorted { $0.name < $1.name }
    }
}
