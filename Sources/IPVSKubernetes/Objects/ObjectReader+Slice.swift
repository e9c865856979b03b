import IPVS
import IPVSProxy
public import KubernetesAPI

extension ObjectReader {
    /// Reads an endpoint slice.
    ///
    /// - Parameter slice: The slice.
    /// - Returns: The endpoints with the protocols of their ports, without a value if the slice is of no service that a node
    ///   serves.
    public func slice(_ slice: DiscoveryV1.EndpointSlice) -> Reading<ReadSlice> {
        var notes = Notes("EndpointSlice", slice.name)
        let value = read(slice, &notes)
        return Reading(value: value, notes: notes.all)
    }

    private func read(_ slice: DiscoveryV1.EndpointSlice, _ notes: inout Notes) -> ReadSlice? {
        if let foreignness = Self.foreignness(slice.metadata.labels) {
            notes.note(foreignness)
            return nil
        }
        guard let service = slice.metadata.labels[Self.serviceLabel], !service.isEmpty else {
            notes.warn("", "has no label \(Self.serviceLabel), so that it is of no service")
            return nil
        }
        guard Self.isServiceName(service) else {
            notes.warn(
                "metadata.labels.\(Self.serviceLabel)",
                "\(service.debugDescription) is not a name that a service can have, so that it is of no service"
            )
            return nil
        }
        let family: IPAddress.Family
        switch slice.addressType {
        case "IPv4": family = .ipv4
        case "IPv6": family = .ipv6
        case "FQDN":
            notes.warn("addressType", "is FQDN: host names are not served")
            return nil
        case nil, "":
            notes.warn("addressType", "is missing; the slice is left out")
            return nil
        case let type?:
            notes.warn(
                "addressType",
                "\(type.debugDescription) is none of IPv4, IPv6, FQDN; the slice is left out"
            )
            return nil
        }
        let ports = self.ports(slice, &notes)
        let hosts = self.hosts(slice, family, &notes)
        if zone == nil, hosts.contains(where: { $0.hints.contains(.zones) }) {
            notes.warn("", "has hints for zones, which are ignored, as this node's zone is not known")
        }
        let value = EndpointSlice(
            NamespacedName(slice.metadata.namespace, slice.metadata.name),
            of: NamespacedName(slice.metadata.namespace, service),
            endpoints: ports.mapValues { port in
                hosts.map { host in
                    var host = host
                    host.endpoint = Endpoint(host.endpoint.address, port.number)
                    return host
                }
            }
        )
        return ReadSlice(slice: value, transports: ports.compactMapValues(\.transport))
    }

    /// Whether a name is one that an API server accepts for services.
    private static func isServiceName(_ name: String) -> Bool {
        let hyphen = UInt8(ascii: "-")
        return (1...63).contains(name.utf8.count) && name.utf8.first != hyphen && name.utf8.last != hyphen
            && name.utf8.allSatisfy { byte in
                byte == hyphen || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            }
    }

    /// The ports by name.
    private func ports(
        _ slice: DiscoveryV1.EndpointSlice,
        _ notes: inout Notes
    ) -> [String: (transport: TransportProtocol?, number: UInt16)] {
        var ports: [String: (transport: TransportProtocol?, number: UInt16)] = [:]
        var names: Set<String> = []
        var namesakes: Set<String> = []
        for (index, port) in (slice.ports ?? []).enumerated() {
            // Servers fill in the protocol. Without one, it is that of the service's port.
            let isUnset = port.protocol?.isEmpty ?? true
            let transport = isUnset ? nil : notes.transport(port.protocol, "ports[\(index)].protocol")
            var number: UInt16?
            if let value = port.port {
                number = notes.requiredPortNumber(value, "ports[\(index)].port", cause: .portNumbers)
                if number == nil { continue }
            } else {
                notes.warn(
                    "ports[\(index)]",
                    "has no port number, and serves no port of a service",
                    cause: .portsWithoutNumbers
                )
            }
            guard isUnset || transport != nil else { continue }
            let name = port.name ?? ""
            guard names.insert(name).inserted else {
                // Which of them the service's port of that name has is unknown.
                if namesakes.insert(name).inserted {
                    notes.warn(
                        "ports[\(index)].name",
                        "\(name.debugDescription) is the name of another port as well; ports of this name are left out"
                    )
                }
                continue
            }
            if let number { ports[name] = (transport, number) }
        }
        return ports.filter { !namesakes.contains($0.key) }
    }

    /// The endpoints, without a port.
    private func hosts(
        _ slice: DiscoveryV1.EndpointSlice,
        _ family: IPAddress.Family,
        _ notes: inout Notes
    ) -> [ServiceEndpoint] {
        var hosts: [ServiceEndpoint] = []
        for (index, endpoint) in (slice.endpoints ?? []).enumerated() {
            guard let text = endpoint.addresses?.first else {
                notes.warn(
                    "endpoints[\(index)].addresses",
                    "is missing; the endpoint is left out",
                    cause: .endpointsWithoutAddresses
                )
                continue
            }
            for (place, text) in (endpoint.addresses ?? []).enumerated().dropFirst() {
                // All addresses reach the same endpoint. Kubernetes uses the first one.
                notes.warn(
                    "endpoints[\(index)].addresses[\(place)]",
                    "\(text.debugDescription) is left out: only the first address of an endpoint counts",
                    cause: .furtherAddresses
                )
            }
            guard let address = address(text, family, "endpoints[\(index)].addresses[0]", &notes) else { continue }
            // Unknown conditions count as true, except terminating.
            let isReady = endpoint.conditions?.ready ?? true
            let hints = endpoint.hints.map { hints in
                ServiceEndpoint.Hints(
                    forNodes: hints.forNodes?.map(\.name) ?? [],
                    forZones: hints.forZones?.map(\.name) ?? [],
                    on: node,
                    in: zone
                )
            }
            hosts.append(
                ServiceEndpoint(
                    Endpoint(address, 0),
                    isLocal: endpoint.nodeName == node,
                    isReady: isReady,
                    isServing: endpoint.conditions?.serving ?? isReady,
                    isTerminating: endpoint.conditions?.terminating ?? false,
                    hints: hints ?? []
                )
            )
        }
        return hosts
    }

    private func address(
        _ text: String,
        _ family: IPAddress.Family,
        _ field: @autoclosure () -> String,
        _ notes: inout Notes
    ) -> IPAddress? {
        let consequence = "the endpoint is left out"
        guard let address = notes.address(text, field(), consequence, cause: .endpointAddresses) else { return nil }
        guard address.family == family else {
            notes.warn(
                field(),
                "\(address) is not an address of the slice's addressType; \(consequence)",
                cause: .endpointAddresses
            )
            return nil
        }
        if let purpose = address.purpose, ![.loopback, .linkLocal].contains(purpose) {
            notes.warn(
                field(),
                "\(address) is \(purpose.rawValue), which no endpoint can have; \(consequence)",
                cause: .endpointAddresses
            )
            return nil
        }
        return address
    }
}
