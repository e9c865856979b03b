public import IPVS
public import IPVSProxy

/// A slice with what decides whether its endpoints are those of a service's port.
public struct ReadSlice: Hashable, Sendable {
    /// The slice, with the endpoints of all of its ports.
    public var slice: EndpointSlice

    /// The protocols of the ports, by their names. A port that isn't among them has that of the service's port.
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
