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
    ///
    /// - Parameter service: The service; nil if it is not known.
    /// - Returns: The slice, and a note for each port that was left out.
    func matching(_ service: ServiceDefinition?) -> (slice: EndpointSlice, notes: [Note]) {
        guard let service else { return (slice, []) }
        var (slice, notes) = (slice, [Note]())
        for (name, transport) in transports {
            guard let wanted = service.ports[name]?.transport, wanted != transport else { continue }
            slice.endpoints[name] = nil
            let port = name.isEmpty ? "the port" : "the port \(name)"
            notes.append(
                Note(
                    object: "EndpointSlice \(slice.name)",
                    field: "ports",
                    reason: "\(port) is \(transport) here and \(wanted) in the service; it is left out",
                    isWarning: true
                )
            )
        }
        return (slice, notes.sorted { $0.reason < $1.reason })
    }
}
