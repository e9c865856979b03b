import Common
import IPVS
import IPVSProxy

extension ServiceDefinition {
    /// The ports of a service by name, with the properties that all of them have.
    static func ports(
        _ spec: Place,
        _ type: ManifestServiceType,
        _ common: ServicePort,
        _ fields: inout Fields
    ) -> [String: ServicePort] {
        var ports: [String: ServicePort] = [:]
        let places = fields.list("ports", requiredIn: spec)
        for place in places {
            // Invalid values are not compared, as the intended values are unknown.
            guard let place = fields.object(place, .servicePort) else { continue }
            let name = fields.portName(place, isRequired: places.count > 1)
            if let name, ports[name] != nil {
                fields.refuse(place["name"] ?? place, "\(name.quoted) is the name of another port as well")
            }
            guard let port = Self.port(place, type, common, &fields) else { continue }
            if ports.values.contains(where: { $0.transport == port.transport && $0.port == port.port }) {
                fields.refuse(place, "\(port.transport) \(port.port) is another port as well")
            }
            if let nodePort = port.nodePort,
                ports.values.contains(where: { $0.transport == port.transport && $0.nodePort == nodePort })
            {
                let reason = "\(port.transport) \(nodePort) is the node port of another port as well"
                fields.refuse(place.field("nodePort") ?? place, reason)
            }
            if let name { ports[name] = port }
        }
        return ports
    }

    /// A port with the properties that all ports of its service share, or nil if it has an error.
    private static func port(
        _ place: Place,
        _ type: ManifestServiceType,
        _ common: ServicePort,
        _ fields: inout Fields
    ) -> ServicePort? {
        let errorCount = fields.errors.count
        var port = common
        let (transport, isKnown) = fields.transport(of: place)
        port.transport = transport ?? .tcp
        if place.field("port") == nil { fields.refuse(place, lacks: "port") }
        port.port = fields.number(place.field("port"), UInt16(1)...UInt16.max) ?? 0
        let nodePort = fields.number(place.field("nodePort"), UInt16(0)...UInt16.max) ?? 0
        if nodePort > 0 {
            if [.nodePort, .loadBalancer].contains(type) {
                port.nodePort = nodePort
            } else if let place = place.field("nodePort") {
                let sentence = "\(nodePort) is not served, as the service's type is \(type.rawValue)"
                fields.warn(place, sentence, cause: "node ports")
            }
        }
        return fields.errors.count == errorCount && isKnown ? port : nil
    }
}

extension Fields {
    static let leftOutPort = "the port is left out"

    /// The protocol of a port, which is nil if it has none, and whether it is one that can be served.
    mutating func transport(of port: Place) -> (TransportProtocol?, isKnown: Bool) {
        let place = port.filled("protocol")
        let transport = choice(place, TransportProtocol.names, otherwise: Self.leftOutPort)
        return (transport, isKnown: place == nil || transport != nil)
    }

    /// The name of a port, which is empty if it has none, or nil if it has an error.
    mutating func portName(_ port: Place, isRequired: Bool) -> String? {
        if let place = port.filled("name") { return name(place, .label) }
        guard isRequired else { return "" }
        refuse(port, lacks: "name")
        return nil
    }
}

extension TransportProtocol {
    /// The protocols of Kubernetes, by their names.
    static let names: KeyValuePairs<String, TransportProtocol> = ["TCP": .tcp, "UDP": .udp, "SCTP": .sctp]
}
