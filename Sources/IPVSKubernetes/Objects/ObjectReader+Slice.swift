public import IPVS
public import IPVSProxy
public import KubernetesAPI

extension ObjectReader {
    /// Reads an endpoint slice.
    ///
    /// - Parameter slice: The slice.
    /// - Returns: The endpoints with the protocols of their ports, without a value if the slice is of no service that a node
    ///   serves.
    public func slice(_ slice: DiscoveryV1.EndpointSlice) -> Reading<ReadSlice> {
        var notes = Notes(of: "EndpointSlice \(slice.name)")
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
        let family: IPAddress.Family
        switch slice.addressType {
        case "IPv4": family = .ipv4
        case "IPv6": family = .ipv6
        case "FQDN":
            notes.warn("addressType", "is FQDN: host names are not served")
            return nil
        case let type:
            notes.warn(
                "addressType",
                "\((type ?? "").debugDescription) is none of IPv4, IPv6, FQDN; the slice is left out"
            )
            return nil
        }
        let hosts = hosts(slice, family, &notes)
        let name = NamespacedName(slice.metadata.namespace, slice.metadata.name)
        var endpoints: [String: [ServiceEndpoint]] = [:]
        var transports: [String: TransportProtocol] = [:]
        for (index, port) in (slice.ports ?? []).enumerated() {
            let field = "ports[\(index)]"
            guard let transport = TransportProtocol(port: port.protocol) else {
                let name = (port.protocol ?? "").debugDescription
                notes.warn("\(field).protocol", "\(name) is none of TCP, UDP, SCTP; the port is left out")
                continue
            }
            guard let number = port.port else {
                notes.warn(field, "has no port number, and serves no port of a service")
                continue
            }
            guard let number = UInt16(exactly: number), number > 0 else {
                notes.warn("\(field).port", "\(number) is not from 1 to 65535; the port is left out")
                continue
            }
            let portName = port.name ?? ""
            if endpoints[portName] != nil {
                notes.warn("\(field).name", "is the name of another port as well; the port is left out")
                continue
            }
            endpoints[portName] = hosts.map { host in
                var host = host
                host.endpoint = Endpoint(host.endpoint.address, number)
                return host
            }
            transports[portName] = transport
        }
        let value = EndpointSlice(name, of: NamespacedName(slice.metadata.namespace, service), endpoints: endpoints)
        return ReadSlice(slice: value, transports: transports)
    }

    /// The endpoints, without a port.
    private func hosts(
        _ slice: DiscoveryV1.EndpointSlice,
        _ family: IPAddress.Family,
        _ notes: inout Notes
    ) -> [ServiceEndpoint] {
        var hosts: [ServiceEndpoint] = []
        for (index, endpoint) in (slice.endpoints ?? []).enumerated() {
            // All addresses reach the same endpoint.
            guard let text = endpoint.addresses?.first else {
                notes.warn("endpoints[\(index)].addresses", "is missing; the endpoint is left out")
                continue
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
        guard let address = IPAddress(stored: text) else {
            notes.warn(field(), "\(text.debugDescription) is not an IP address; the endpoint is left out")
            return nil
        }
        guard address.family == family else {
            notes.warn(field(), "\(address) is not an address of the slice's addressType; the endpoint is left out")
            return nil
        }
        if let purpose = address.purpose, ![.loopback, .linkLocal].contains(purpose) {
            notes.warn(
                field(),
                "\(address) is \(purpose.rawValue), which no endpoint can have; the endpoint is left out"
            )
            return nil
        }
        return address
    }
}

/// A slice with what decides whether its endpoints are those of a service's port.
public struct ReadSlice: Hashable, Sendable {
    /// The slice, with the endpoints of all of its ports.
    public var slice: EndpointSlice

    /// The protocols of the ports, by their names.
    public var transports: [String: TransportProtocol]

    /// The slice for its service: ports of another protocol than the service's are left out, as their endpoints would be taken
    /// for those of the service's port. Without a service, nothing is left out.
    func matching(_ service: ServiceDefinition?) -> EndpointSlice {
        guard let service else { return slice }
        var slice = slice
        for (name, transport) in transports {
            if let wanted = service.ports[name]?.transport, wanted != transport { slice.endpoints[name] = nil }
        }
        return slice
    }
}
