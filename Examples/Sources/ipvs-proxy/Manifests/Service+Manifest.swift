import Common
import IPVS
import IPVSProxy
import Yams

// Kubernetes' Service, of the API group v1.

extension ServiceDefinition {
    /// Reads a service. Returns nil if it has an error or is not served by this proxy, and records the reason.
    init?(_ name: NamespacedName, _ object: ManifestObject, _ fields: inout Fields) {
        guard let spec = fields.object(object.place.field("spec")) else {
            if object.place.field("spec") == nil { fields.refuse(object.place, lacks: "spec") }
            return nil
        }
        let type = fields.choice(spec.field("type"), ServiceType.names) ?? .clusterIP
        guard type != .externalName else {
            fields.note("is an ExternalName, which is for DNS alone")
            return nil
        }
        guard let clusterIPs = Self.clusterIPs(spec, &fields) else {
            fields.note("is headless, so that its clients need no proxy")
            return nil
        }

        var common = ServicePort(.tcp, 0, clusterIPs: clusterIPs)
        common.externalIPs = fields.list(spec.field("externalIPs")).compactMap { Self.address($0, &fields) }
        common.loadBalancerIPs = Self.loadBalancerIPs(object.place, &fields)
        common.sessionAffinity = Self.sessionAffinity(spec, &fields)
        common.internalTrafficPolicy = fields.choice(spec.field("internalTrafficPolicy"), Self.policies) ?? .cluster
        common.externalTrafficPolicy = fields.choice(spec.field("externalTrafficPolicy"), Self.policies) ?? .cluster
        let ports = Self.ports(spec, type, common, &fields)
        guard fields.errors.isEmpty else { return nil }

        // The API server assigns one to each service, so a missing one is a mistake in a manifest written by hand.
        guard !clusterIPs.isEmpty else {
            fields.note("is not served, as it has no cluster IP", isWarning: true)
            return nil
        }
        if !fields.list(spec.field("loadBalancerSourceRanges")).isEmpty {
            fields.note(
                "is open to all: loadBalancerSourceRanges take packet rules, which are not made",
                isWarning: true
            )
        }
        let healthCheckNodePort = fields.number(spec.field("healthCheckNodePort"), UInt16(0)...UInt16.max) ?? 0
        if healthCheckNodePort > 0, common.externalTrafficPolicy == .local {
            fields.note(
                "has healthCheckNodePort \(healthCheckNodePort), which is not answered: to who asks there, no node is healthy",
                isWarning: true
            )
        }
        self.init(name, ports: ports)
    }

    private enum ServiceType {
        case clusterIP, nodePort, loadBalancer, externalName

        static let names: KeyValuePairs = [
            "ClusterIP": clusterIP, "NodePort": nodePort, "LoadBalancer": loadBalancer, "ExternalName": externalName,
        ]
    }

    private static let policies: KeyValuePairs<String, ServicePort.TrafficPolicy> = [
        "Cluster": .cluster, "Local": .local,
    ]

    /// The cluster IPs, or nil for a headless service.
    private static func clusterIPs(_ spec: Place, _ fields: inout Fields) -> [IPAddress]? {
        var places = fields.list(spec.field("clusterIPs"))
        // Manifests written by hand may have only the older field.
        if places.isEmpty, let place = spec.field("clusterIP") { places = [place] }
        let texts = places.map { $0.node.scalar?.string }
        if texts == ["None"] { return nil }
        return zip(places, texts).compactMap { place, text in text == "" ? nil : Self.address(place, &fields) }
    }

    /// An address that a service can have.
    private static func address(_ place: Place?, _ fields: inout Fields) -> IPAddress? {
        guard let place, let address = fields.address(place) else { return nil }
        if let purpose = address.purposeOfItsOwn {
            fields.refuse(place, "\(address) is \(purpose), which no service can have")
        }
        return address
    }

    /// The addresses of load balancers, except those that replace the destination address.
    private static func loadBalancerIPs(_ service: Place, _ fields: inout Fields) -> [IPAddress] {
        let status = fields.object(service.field("status"))
        let balancer = fields.object(status?.field("loadBalancer"))
        return fields.list(balancer?.field("ingress")).compactMap { ingress in
            guard let ingress = fields.object(ingress) else { return nil }
            let isVirtual = fields.choice(ingress.field("ipMode"), ["VIP": true, "Proxy": false]) ?? true
            let place = ingress.field("ip")
            guard isVirtual else {
                _ = fields.address(place)
                return nil
            }
            return address(place, &fields)
        }
    }

    private static func sessionAffinity(_ spec: Place, _ fields: inout Fields) -> ServicePort.SessionAffinity {
        guard fields.choice(spec.field("sessionAffinity"), ["None": false, "ClientIP": true]) ?? false else {
            return .none
        }
        let config = fields.object(spec.field("sessionAffinityConfig"))
        let clientIP = fields.object(config?.field("clientIP"))
        let timeout = fields.number(clientIP?.field("timeoutSeconds"), UInt32(1)...86_400)
        return timeout.map { .clientIP(timeout: $0) } ?? .clientIP
    }

    private static func ports(
        _ spec: Place,
        _ type: ServiceType,
        _ common: ServicePort,
        _ fields: inout Fields
    ) -> [String: ServicePort] {
        var ports: [String: ServicePort] = [:]
        let places = fields.list("ports", requiredIn: spec)
        for place in places {
            // Invalid values are not compared, as the intended values are unknown.
            guard let place = fields.object(place) else { continue }
            let name = Self.portName(place, isRequired: places.count > 1, &fields)
            if let name, ports[name] != nil {
                fields.refuse(place["name"] ?? place, "\"\(name)\" is the name of another port as well")
            }
            guard let port = Self.port(place, type, common, &fields) else { continue }
            if ports.values.contains(where: { $0.transport == port.transport && $0.port == port.port }) {
                fields.refuse(place, "\(port.transport) \(port.port) is another port as well")
            }
            if let name { ports[name] = port }
        }
        return ports
    }

    /// The name of a port, or nil if it has an error.
    private static func portName(_ place: Place, isRequired: Bool, _ fields: inout Fields) -> String? {
        if isRequired { return fields.text("name", requiredIn: place) }
        return place.field("name") == nil ? "" : fields.text(place.field("name"))
    }

    /// A port with the properties that all ports of its service share, or nil if it has an error.
    private static func port(
        _ place: Place,
        _ type: ServiceType,
        _ common: ServicePort,
        _ fields: inout Fields
    ) -> ServicePort? {
        let errorCount = fields.errors.count
        var port = common
        port.transport = fields.choice(place.field("protocol"), TransportProtocol.names) ?? .tcp
        if place.field("port") == nil { fields.refuse(place, lacks: "port") }
        port.port = fields.number(place.field("port"), UInt16(1)...UInt16.max) ?? 0
        let nodePort = fields.number(place.field("nodePort"), UInt16(0)...UInt16.max) ?? 0
        port.nodePort = [.nodePort, .loadBalancer].contains(type) && nodePort > 0 ? nodePort : nil
        return fields.errors.count == errorCount ? port : nil
    }
}

extension TransportProtocol {
    /// The protocols of Kubernetes, by their names.
    static let names: KeyValuePairs<String, TransportProtocol> = ["TCP": .tcp, "UDP": .udp, "SCTP": .sctp]
}
