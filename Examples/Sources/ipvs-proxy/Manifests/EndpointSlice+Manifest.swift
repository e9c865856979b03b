import Common
import IPVS
import IPVSProxy

// Kubernetes' EndpointSlice, of the API group discovery.k8s.io/v1.

extension EndpointSlice {
    /// Reads a slice for a node with a name, in a zone that may not be known. Returns nil if it has an error or is not served, and records the reason.
    init?(_ name: NamespacedName, _ object: ManifestObject, node: String, zone: String?, _ fields: inout Fields) {
        guard let service = object.labels["kubernetes.io/service-name"], !service.isEmpty else {
            fields.note("has no label kubernetes.io/service-name, so that it is of no service", isWarning: true)
            return nil
        }
        let place = object.place
        if place.field("addressType") == nil { fields.refuse(place, lacks: "addressType") }
        let types: KeyValuePairs = ["IPv4": IPAddress.Family.ipv4, "IPv6": .ipv6, "FQDN": nil]
        guard let type = fields.choice(place.field("addressType"), types) else { return nil }
        guard let family = type else {
            fields.note("has host names instead of addresses")
            return nil
        }

        let ports = Self.ports(place, &fields)
        let hosts = fields.list(place.field("endpoints")).compactMap {
            Host($0, family, node: node, zone: zone, &fields)
        }
        guard fields.errors.isEmpty else { return nil }
        if zone == nil, hosts.contains(where: { $0.hints.contains(.zones) }) {
            fields.note(
                "has hints for zones, which are ignored, as --zone doesn't name this node's zone",
                isWarning: true
            )
        }
        self.init(
            name,
            of: NamespacedName(name.namespace, service),
            endpoints: ports.mapValues { port in hosts.map { $0.endpoint(port) } }
        )
    }

    /// The numbers of the ports by name. A port without a number means all ports, which no service port can use.
    private static func ports(_ slice: Place, _ fields: inout Fields) -> [String: UInt16] {
        var ports: [String: UInt16] = [:]
        for place in fields.list(slice.field("ports")) {
            guard let place = fields.object(place) else { continue }
            let name = place.field("name") == nil ? "" : fields.text(place.field("name"))
            // Ports of a slice have the protocol of the service's port with the same name.
            _ = fields.choice(place.field("protocol"), TransportProtocol.names)
            guard let port = fields.number(place.field("port"), UInt16(1)...UInt16.max), let name else { continue }
            if ports.updateValue(port, forKey: name) != nil {
                fields.refuse(place["name"] ?? place, "\"\(name)\" is the name of another port as well")
            }
        }
        return ports
    }
}

/// Reads an endpoint: one for each of the slice's ports.
private struct Host {
    let address: IPAddress
    let isLocal: Bool
    let isReady: Bool
    let isServing: Bool
    let isTerminating: Bool
    let hints: ServiceEndpoint.Hints

    /// Returns nil if it has an error.
    init?(_ place: Place, _ family: IPAddress.Family, node: String, zone: String?, _ fields: inout Fields) {
        guard let place = fields.object(place) else { return nil }
        let addresses = fields.list("addresses", requiredIn: place).compactMap { place in
            let address = fields.address(place)
            if let address, address.family != family {
                fields.refuse(place, "\(address) is not an address of the slice's addressType")
            }
            return address
        }
        let conditions = fields.object(place.field("conditions"))
        // Unknown conditions count as true, except terminating.
        isReady = fields.truth(conditions?.field("ready")) ?? true
        isServing = fields.truth(conditions?.field("serving")) ?? isReady
        isTerminating = fields.truth(conditions?.field("terminating")) ?? false
        isLocal = fields.text(place.field("nodeName")) == node
        let hints = fields.object(place.field("hints"))
        self.hints = ServiceEndpoint.Hints(
            forNodes: Self.names(hints?.field("forNodes"), &fields),
            forZones: Self.names(hints?.field("forZones"), &fields),
            on: node,
            in: zone
        )
        // All addresses reach the same endpoint. Kubernetes uses the first one.
        guard let first = addresses.first else { return nil }
        address = first
    }

    /// The names in a list of hints.
    private static func names(_ place: Place?, _ fields: inout Fields) -> [String] {
        fields.list(place).compactMap { place in
            guard let place = fields.object(place) else { return nil }
            return fields.text("name", requiredIn: place)
        }
    }

    func endpoint(_ port: UInt16) -> ServiceEndpoint {
        ServiceEndpoint(
            Endpoint(address, port),
            isLocal: isLocal,
            isReady: isReady,
            isServing: isServing,
            isTerminating: isTerminating,
            hints: hints
        )
    }
}
