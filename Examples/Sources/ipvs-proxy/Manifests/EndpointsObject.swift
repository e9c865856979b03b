import Common
import IPVS
import IPVSProxy

/// The endpoints of a service that one object has: an endpoint slice, or classic Endpoints.
struct EndpointsObject {
    /// The object in messages.
    let title: String
    let position: ManifestPosition

    /// Whether it is Endpoints.
    let isClassic: Bool

    /// The service that the endpoints serve.
    let service: NamespacedName

    /// The ports of all endpoints.
    let ports: [Port]

    /// The endpoints in the form of a slice, or nil if they have host names instead of addresses.
    let slice: EndpointSlice?

    /// Whether there are endpoints at all, with or without ports.
    let hasEndpoints: Bool

    /// What is valid but not served, without regard to other objects.
    var notes: [Fields.Note] = []

    struct Port {
        let name: String

        /// The protocol, or nil if it is that of the service's port.
        let transport: TransportProtocol?

        /// The number; nil means all ports, which no service port can use.
        let number: UInt16?
    }

    /// The address family that the endpoints must have; nil if they can have any.
    var family: IPAddress.Family?

    /// The address families of the endpoints.
    var families: Set<IPAddress.Family> {
        Set((slice?.endpoints.values ?? [:].values).flatMap { $0.map(\.endpoint.address.family) })
    }
}

extension Fields {
    /// The ports in a slice, or in a subset of classic Endpoints.
    mutating func endpointPorts(in owner: Place, isClassic: Bool = false) -> [EndpointsObject.Port] {
        let places = list(owner.field("ports"))
        var ports: [EndpointsObject.Port] = []
        for place in places {
            guard let place = object(place, .endpointPort) else { continue }
            let name = portName(place, isRequired: isClassic && places.count > 1)
            let (transport, isKnown) = transport(of: place)
            // API servers don't check the numbers in slices.
            let number = tolerantly(cause: "numbers of ports", consequence: Self.leftOutPort) { fields in
                fields.number(place.field("port"), UInt16(1)...UInt16.max)
            }
            if place.field("port") == nil {
                if isClassic {
                    refuse(place, lacks: "port")
                } else {
                    warn(place, "has no port number, and serves no port of a service", cause: "ports without numbers")
                }
            } else if number == nil {
                continue
            }
            guard let name, isKnown else { continue }
            if ports.contains(where: { $0.name == name }) {
                let reason = "\(name.quoted) is the name of another port as well"
                guard isClassic else {
                    refuse(place["name"] ?? place, reason)
                    continue
                }
                // API servers don't check these names in Endpoints.
                tolerantly(consequence: Self.leftOutPort) { $0.refuse(place["name"] ?? place, reason) }
                continue
            }
            ports.append(EndpointsObject.Port(name: name, transport: transport, number: number))
        }
        return ports
    }

    /// The address of an endpoint. A wrong one is left out with a warning, as the other endpoints can be served.
    mutating func endpointAddress(_ place: Place?, _ family: IPAddress.Family? = nil) -> IPAddress? {
        tolerantly(cause: "addresses of endpoints") { fields in
            guard let place, let address = fields.address(place) else { return nil }
            if let family, address.family != family {
                fields.refuse(place, "\(address) is not an address of the slice's addressType")
                return nil
            }
            if let purpose = address.purpose, ![.loopback, .linkLocal].contains(purpose) {
                fields.refuse(place, "\(address) is \(purpose.rawValue), which no endpoint can have")
                return nil
            }
            return address
        }
    }
}
