import Common
import IPVS
import IPVSProxy
import Yams

// Kubernetes' EndpointSlice, of the API group discovery.k8s.io/v1.

extension EndpointsObject {
    private static let serviceLabel = "kubernetes.io/service-name"

    /// Reads a slice for a node. Returns nil if it has an error or is of no service, and records the reason.
    init?(slice object: ManifestObject, node: NodeIdentity, _ fields: inout Fields) {
        guard let service = object.labels[Self.serviceLabel], !service.isEmpty else {
            let near = object.labels.keys.first { $0.nearest(of: [Self.serviceLabel]) != nil }
            var hint =
                near.flatMap { $0 == Self.serviceLabel ? nil : "; the label \($0.abbreviated) is nearly it" } ?? ""
            if object.place["metadata"]?["annotations"]?.filled(Self.serviceLabel) != nil {
                hint = "; it is among the annotations"
            }
            fields.note("has no label \(Self.serviceLabel), so that it is of no service\(hint)", isWarning: true)
            return nil
        }
        let place = object.place
        if let label = place["metadata"]?["labels"]?[Self.serviceLabel], !NameRule.label.allows(service) {
            fields.warn(label, "\(service.quoted) is not a name that a service can have, so that it is of no service")
            return nil
        }
        if place.filled("addressType") == nil { fields.refuse(place, lacks: "addressType") }
        let types: KeyValuePairs = ["IPv4": IPAddress.Family.ipv4, "IPv6": .ipv6, "FQDN": nil]
        let addressType = place.filled("addressType")
        guard let type = fields.choice(addressType, types, otherwise: "the slice is left out") else { return nil }

        (title, position, isClassic) = (object.title, object.position, false)
        self.service = NamespacedName(object.name.namespace, service)
        ports = fields.endpointPorts(in: place)
        guard let family = type else {
            (slice, hasEndpoints) = (nil, false)
            return
        }
        self.family = family
        let hosts = fields.list(place.field("endpoints")).compactMap { Host($0, family, node, &fields) }
        guard fields.errors.isEmpty else { return nil }
        if node.zone == nil, hosts.contains(where: { $0.hints.contains(.zones) }) {
            fields.note(
                "has hints for zones, which are ignored, as --zone doesn't name this node's zone",
                isWarning: true
            )
        }
        var endpoints: [String: [ServiceEndpoint]] = [:]
        for port in ports {
            guard let number = port.number else { continue }
            endpoints[port.name] = hosts.map { $0.endpoint(number) }
        }
        slice = EndpointSlice(object.name, of: self.service, endpoints: endpoints)
        hasEndpoints = !hosts.isEmpty
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
    init?(_ place: Place, _ family: IPAddress.Family, _ node: NodeIdentity, _ fields: inout Fields) {
        let isNull = place.node.scalar?.isNull == true
        guard let place = isNull ? place : fields.object(place, .endpoint) else { return nil }
        let addresses = fields.list(place.field("addresses"))
        if place.field("addresses") == nil || place["addresses"]?.node.sequence?.isEmpty == true {
            fields.tolerantly(cause: "endpoints without addresses", consequence: "the endpoint is left out") {
                $0.refuse(place, lacks: "addresses")
            }
        }
        for place in addresses.dropFirst() {
            // All addresses reach the same endpoint. Kubernetes uses the first one.
            let text = place.scalarText?.abbreviated ?? place.node.shown
            let sentence = "\(text) is left out: only the first address of an endpoint counts"
            fields.warn(place, sentence, cause: "further addresses")
        }
        let conditions = fields.object(place.field("conditions"), .endpointConditions)
        // Unknown conditions count as true, except terminating.
        isReady = fields.truth(conditions?.field("ready")) ?? true
        isServing = fields.truth(conditions?.field("serving")) ?? isReady
        isTerminating = fields.truth(conditions?.field("terminating")) ?? false
        isLocal = fields.text(place.field("nodeName")) == node.name
        let hints = fields.object(place.field("hints"), .endpointHints)
        self.hints = ServiceEndpoint.Hints(
            forNodes: Self.names(hints?.field("forNodes"), &fields),
            forZones: Self.names(hints?.field("forZones"), &fields),
            on: node.name,
            in: node.zone
        )
        guard let first = fields.endpointAddress(addresses.first, family) else { return nil }
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
