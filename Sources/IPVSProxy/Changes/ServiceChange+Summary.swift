// What has changed of a service, in a line of a log.

extension ObjectChange<ServiceDefinition> {
    /// The service and what differs, before and after: `service default/web: port http: cluster IPs 10.96.0.1 -> 10.96.0.2`;
    /// nil if it has no name.
    var summary: String? {
        guard let name = (current ?? previous)?.name else { return nil }
        guard let previous else { return "service \(name) added: \(current.map(\.portList) ?? "")" }
        guard let current else { return "service \(name) deleted: \(previous.portList)" }
        var parts: [String] = []
        for port in Set(previous.ports.keys).union(current.ports.keys).sorted() {
            let label = port.isEmpty ? "port" : "port \(port)"
            switch (previous.ports[port], current.ports[port]) {
            case (let old?, let new?):
                let differences = old.differences(from: new)
                if !differences.isEmpty { parts.append("\(label): \(differences.joined(separator: ", "))") }
            case (nil, let new?): parts.append("\(label) added: \(new.summary)")
            case (let old?, nil): parts.append("\(label) deleted: \(old.summary)")
            case (nil, nil): break
            }
        }
        if previous.healthCheckNodePort != current.healthCheckNodePort {
            let (old, new) = (previous.healthCheckNodePort.text, current.healthCheckNodePort.text)
            parts.append("health-check node port \(old) -> \(new)")
        }
        return "service \(name): \(parts.joined(separator: "; "))"
    }
}

extension ServiceDefinition {
    fileprivate var portList: String {
        ports.isEmpty ? "no ports" : ports.sorted { $0.key < $1.key }.map(\.value.summary).joined(separator: ", ")
    }
}

extension ServicePort {
    /// Where it can be reached within the cluster: `TCP 80 at 10.96.0.1`.
    fileprivate var summary: String { "\(transport) \(port) at \(clusterIPs.text)" }

    /// What differs, before and after.
    fileprivate func differences(from new: ServicePort) -> [String] {
        let values: [(String, String, String)] = [
            ("protocol", "\(transport)", "\(new.transport)"),
            ("port", "\(port)", "\(new.port)"),
            ("cluster IPs", clusterIPs.text, new.clusterIPs.text),
            ("node port", nodePort.text, new.nodePort.text),
            ("external IPs", externalIPs.text, new.externalIPs.text),
            ("load-balancer IPs", loadBalancerIPs.text, new.loadBalancerIPs.text),
            ("source ranges", loadBalancerSourceRanges.text, new.loadBalancerSourceRanges.text),
            ("session affinity", sessionAffinity.text, new.sessionAffinity.text),
            ("internal traffic policy", "\(internalTrafficPolicy)", "\(new.internalTrafficPolicy)"),
            ("external traffic policy", "\(externalTrafficPolicy)", "\(new.externalTrafficPolicy)"),
            ("scheduler", scheduler.text, new.scheduler.text),
        ]
        return values.filter { $0.1 != $0.2 }.map { "\($0.0) \($0.1) -> \($0.2)" }
    }
}

extension ServicePort.SessionAffinity {
    fileprivate var text: String {
        switch self {
        case .none: "none"
        case .clientIP(let timeout): "client IP for \(timeout) s"
        }
    }
}

extension Optional where Wrapped: CustomStringConvertible {
    fileprivate var text: String { map(\.description) ?? "none" }
}

extension Array where Element: CustomStringConvertible {
    /// The first of the values, and how many more there are.
    fileprivate var text: String {
        guard !isEmpty else { return "none" }
        let more = count > 10 ? " and \(count - 10) more" : ""
        return prefix(10).map(\.description).joined(separator: " ") + more
    }
}
