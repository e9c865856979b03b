import IPVSProxyTesting
import Logging
import Metrics

@testable import IPVSProxy

extension Proxier {
    /// A proxier on a node in memory. These tests look at what it hears, not at what it does.
    static func inMemory() throws -> Proxier {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return try Proxier(testing: InMemoryNode(), logger: logger, metrics: NOOPMetricsHandler.instance)
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
