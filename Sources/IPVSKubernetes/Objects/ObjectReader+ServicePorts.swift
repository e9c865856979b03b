import IPVS
import IPVSProxy
import KubernetesAPI

extension ObjectReader {
    /// The ports of a service by name, with the properties that all of them have.
    func ports(
        _ spec: CoreV1.Service.Spec,
        _ type: ServiceType,
        _ common: ServicePort,
        _ notes: inout Notes
    ) -> [String: ServicePort] {
        let all = spec.ports ?? []
        if all.isEmpty { notes.warn("spec.ports", "is missing; the service has no port that is served") }
        var candidates: [(index: Int, name: String, port: ServicePort)] = []
        for (index, port) in all.enumerated() {
            guard let value = self.port(port, index, type, common, &notes) else { continue }
            candidates.append((index, port.name ?? "", value))
        }
        let namesakes = Dictionary(grouping: candidates, by: \.name).filter { $0.value.count > 1 }
        var ports: [String: ServicePort] = [:]
        for (index, name, port) in candidates {
            if let others = namesakes[name] {
                // Which of them the endpoints of that name are for is unknown.
                if index == others[1].index {
                    notes.warn(
                        "spec.ports[\(index)].name",
                        "\(name.debugDescription) is the name of another port as well; ports of this name are left out"
                    )
                }
                continue
            }
            if ports.values.contains(where: { $0.transport == port.transport && $0.port == port.port }) {
                notes.warn(
                    "spec.ports[\(index)]",
                    "\(port.transport) \(port.port) is another port as well; the port is left out"
                )
                continue
            }
            var port = port
            if let nodePort = port.nodePort,
                ports.values.contains(where: { $0.transport == port.transport && $0.nodePort == nodePort })
            {
                notes.warn(
                    "spec.ports[\(index)].nodePort",
                    "\(port.transport) \(nodePort) is the node port of another port as well; it is left out"
                )
                port.nodePort = nil
            }
            ports[name] = port
        }
        return ports
    }

    /// A port with the properties that all ports of its service share; nil if it can't be served.
    private func port(
        _ port: CoreV1.Service.Port,
        _ index: Int,
        _ type: ServiceType,
        _ common: ServicePort,
        _ notes: inout Notes
    ) -> ServicePort? {
        let transport = notes.transport(port.protocol, "spec.ports[\(index)].protocol")
        let number = notes.requiredPortNumber(port.port, "spec.ports[\(index)].port")
        var value = common
        if let nodePort = notes.portNumber(port.nodePort, "spec.ports[\(index)].nodePort") {
            if type == .nodePort || type == .loadBalancer {
                value.nodePort = nodePort
            } else {
                notes.warn(
                    "spec.ports[\(index)].nodePort",
                    "\(nodePort) is not served, as the service's type is \(type.rawValue)",
                    cause: .nodePorts
                )
            }
        }
        guard let transport, let number else { return nil }
        value.transport = transport
        value.port = number
        return value
    }
}

extension Notes {
    /// The protocol of a port; nil if it is unknown, which a warning says.
    mutating func transport(_ text: String?, _ field: @autoclosure () -> String) -> TransportProtocol? {
        switch text {
        case nil, "", "TCP": return .tcp
        case "UDP": return .udp
        case "SCTP": return .sctp
        case let text?:
            warn(field(), "\(text.debugDescription) is none of TCP, UDP, SCTP; the port is left out")
            return nil
        }
    }

    /// A number that each port has; nil if it is none, which a warning says.
    mutating func requiredPortNumber(
        _ number: Int,
        _ field: @autoclosure () -> String,
        cause: Cause? = nil
    ) -> UInt16? {
        if let number = UInt16(exactly: number), number > 0 { return number }
        warn(field(), "\(number) is not from 1 to 65535; the port is left out", cause: cause)
        return nil
    }
}
