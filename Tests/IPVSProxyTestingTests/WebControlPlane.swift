import IPVS
import IPVSProxy

/// Serves one port of the cluster, and sends its connections to the backends that it has.
struct WebControlPlane {
    let proxier: Proxier
    private let name = NamespacedName("default", "web")

    init(_ proxier: Proxier, at address: IPAddress) async {
        self.proxier = proxier
        let port = ServicePort(.tcp, 80, clusterIPs: [address])
        await proxier.onServiceAdd(ServiceDefinition(name, ports: ["http": port]))
        await proxier.onServiceSynced()
    }

    func sync(_ backends: [Endpoint]) async throws {
        let endpoints = backends.map { ServiceEndpoint($0) }
        await proxier.onEndpointSliceAdd(EndpointSlice(name, of: name, endpoints: ["http": endpoints]))
        await proxier.onEndpointSliceSynced()
        if let failure = try await proxier.sync()?.failures.first { throw failure }
    }
}
