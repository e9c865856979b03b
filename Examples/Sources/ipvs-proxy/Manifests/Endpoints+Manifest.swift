import Common
import IPVS
import IPVSProxy

// Kubernetes' Endpoints, of the API group v1, which endpoint slices have replaced.

extension EndpointsObject {
    /// Reads Endpoints, which have the name of their service, for a node. Returns nil if they have an error.
    init?(endpoints object: ManifestObject, node: NodeIdentity, _ fields: inout Fields) {
        let subsets = fields.list(object.place.field("subsets")).compactMap { Subset($0, node: node, &fields) }
        guard fields.errors.isEmpty else { return nil }
        (title, position, isClassic) = (object.title, object.position, true)
        service = object.name
        ports = subsets.flatMap(\.ports)
        hasEndpoints = subsets.contains { !$0.hosts.isEmpty }
        var endpoints: [String: [ServiceEndpoint]] = [:]
        for subset in subsets {
            for port in subset.ports {
                guard let number = port.number else { continue }
                endpoints[port.name, default: []] += subset.hosts.map { host in
                    ServiceEndpoint(Endpoint(host.address, number), isLocal: host.isLocal, isReady: host.isReady)
                }
            }
        }
        // No slice can have such a name.
        let name = NamespacedName(object.name.namespace, "endpoints/\(object.name.name)")
        slice = EndpointSlice(name, of: service, endpoints: endpoints)
    }
}

/// Reads a subset: endpoints that all have the same ports.
private struct Subset {
    let ports: [EndpointsObject.Port]
    private(set) var hosts: [Host] = []

    struct Host {
        let address: IPAddress
        let isLocal: Bool
        let isReady: Bool
    }

    /// Returns nil if it has an error.
    init?(_ place: Place, node: NodeIdentity, _ fields: inout Fields) {
        guard let place = fields.object(place, .endpointSubset) else { return nil }
        ports = fields.endpointPorts(in: place, isClassic: true)
        for (list, isReady) in [("addresses", true), ("notReadyAddresses", false)] {
            for place in fields.list(place.field(list)) {
                guard let place = fields.object(place, .endpointAddress) else { continue }
                if place.filled("ip") == nil {
                    fields.tolerantly(cause: "addresses of endpoints") { $0.refuse(place, lacks: "ip") }
                }
                let isLocal = fields.text(place.field("nodeName")) == node.name
                guard let address = fields.endpointAddress(place.filled("ip")) else { continue }
                hosts.append(Host(address: address, isLocal: isLocal, isReady: isReady))
            }
        }
    }
}
