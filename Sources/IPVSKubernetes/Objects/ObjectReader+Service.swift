import IPVS
public import IPVSProxy
public import KubernetesAPI

extension ObjectReader {
    /// Reads a service.
    ///
    /// - Parameter service: The service.
    /// - Returns: The service with its ports, without a value if it has no address that a node serves.
    public func service(_ service: CoreV1.Service) -> Reading<ServiceDefinition> {
        var notes = Notes(of: "Service \(service.name)")
        let value = read(service, &notes)
        return Reading(value: value, notes: notes.all)
    }

    private func read(_ service: CoreV1.Service, _ notes: inout Notes) -> ServiceDefinition? {
        if let foreignness = Self.foreignness(service.metadata.labels) {
            notes.note(foreignness)
            return nil
        }
        guard let spec = service.spec else {
            notes.warn("spec", "is missing; the service is left out")
            return nil
        }
        guard spec.type != "ExternalName" else {
            notes.note("is an ExternalName, which is for DNS alone")
            return nil
        }
        // Servers before Kubernetes 1.20 have only the older field.
        let filled = spec.clusterIPs?.filter { !$0.isEmpty } ?? []
        let clusterIPs = filled.isEmpty ? [spec.clusterIP].compactMap(\.self) : filled
        guard clusterIPs.first != "None" else {
            notes.note("is headless, so that its clients need no proxy")
            return nil
        }
        var common = ServicePort(.tcp, 0)
        common.clusterIPs = notes.addresses(clusterIPs.filter { !$0.isEmpty }, "spec.clusterIPs")
        guard !common.clusterIPs.isEmpty else {
            notes.warn("", "is not served, as it has no cluster IP")
            return nil
        }
        common.externalIPs = notes.addresses(spec.externalIPs, "spec.externalIPs")
        common.loadBalancerIPs = loadBalancerIPs(service, &notes)
        common.loadBalancerSourceRanges = sourceRanges(spec, &notes)
        if common.loadBalancerSourceRanges.isEmpty, spec.loadBalancerSourceRanges?.isEmpty == false {
            // Without a block, everybody would be let in.
            common.loadBalancerIPs = []
            notes.warn(
                "spec.loadBalancerSourceRanges",
                "has no valid block, so the load balancer's addresses are not served"
            )
        }
        common.sessionAffinity = sessionAffinity(spec, &notes)
        let policies: KeyValuePairs<String, ServicePort.TrafficPolicy> = ["Cluster": .cluster, "Local": .local]
        common.internalTrafficPolicy = notes.choice(
            spec.internalTrafficPolicy,
            "spec.internalTrafficPolicy",
            policies,
            otherwise: .cluster,
            "it counts as Cluster"
        )
        common.externalTrafficPolicy = notes.choice(
            spec.externalTrafficPolicy,
            "spec.externalTrafficPolicy",
            policies,
            otherwise: .cluster,
            "it counts as Cluster"
        )
        var definition = ServiceDefinition(
            NamespacedName(service.metadata.namespace, service.metadata.name),
            ports: ports(spec, common, &notes)
        )
        if spec.type == "LoadBalancer", common.externalTrafficPolicy == .local,
            let port = spec.healthCheckNodePort.flatMap(UInt16.init(exactly:)), port > 0
        {
            definition.healthCheckNodePort = port
        }
        return definition
    }

    /// The addresses of load balancers that nodes serve. Those of the mode `Proxy` reach nodes at their own addresses.
    private func loadBalancerIPs(_ service: CoreV1.Service, _ notes: inout Notes) -> [IPAddress] {
        var addresses: [IPAddress] = []
        for (index, ingress) in (service.status?.loadBalancer?.ingress ?? []).enumerated() {
            // As in kube-proxy, no address of an unknown mode is served.
            let isServed = notes.choice(
                ingress.ipMode,
                "status.loadBalancer.ingress[\(index)].ipMode",
                ["VIP": true, "Proxy": false],
                otherwise: ingress.ipMode?.isEmpty ?? true,
                "the address is left out"
            )
            guard let text = ingress.ip, !text.isEmpty, isServed else { continue }
            let field = "status.loadBalancer.ingress[\(index)].ip"
            guard let address = notes.address(text, field), !addresses.contains(address) else { continue }
            addresses.append(address)
        }
        return addresses
    }

    private func sourceRanges(_ spec: CoreV1.Service.Spec, _ notes: inout Notes) -> [IPAddress.Block] {
        var blocks: [IPAddress.Block] = []
        for (index, text) in (spec.loadBalancerSourceRanges ?? []).enumerated() {
            guard let block = IPAddress.Block(stored: text) else {
                notes.warn(
                    "spec.loadBalancerSourceRanges[\(index)]",
                    "\(text.debugDescription) is not a block of addresses; it is left out"
                )
                continue
            }
            if !blocks.contains(block) { blocks.append(block) }
        }
        return blocks
    }

    private func sessionAffinity(_ spec: CoreV1.Service.Spec, _ notes: inout Notes) -> ServicePort.SessionAffinity {
        let kinds: KeyValuePairs = ["None": false, "ClientIP": true]
        guard notes.choice(spec.sessionAffinity, "spec.sessionAffinity", kinds, otherwise: false, "it counts as None")
        else { return .none }
        guard let timeout = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds else { return .clientIP }
        guard let timeout = UInt32(exactly: timeout), (1...86_400).contains(timeout) else {
            notes.warn(
                "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
                "\(timeout) is not from 1 to 86400; it counts as 10800"
            )
            return .clientIP
        }
        return .clientIP(timeout: timeout)
    }

    private func ports(
        _ spec: CoreV1.Service.Spec,
        _ common: ServicePort,
        _ notes: inout Notes
    ) -> [String: ServicePort] {
        var ports: [String: ServicePort] = [:]
        for (index, port) in (spec.ports ?? []).enumerated() {
            let field = "spec.ports[\(index)]"
            guard let transport = TransportProtocol(port: port.protocol) else {
                let name = (port.protocol ?? "").debugDescription
                notes.warn("\(field).protocol", "\(name) is none of TCP, UDP, SCTP; the port is left out")
                continue
            }
            guard let number = UInt16(exactly: port.port), number > 0 else {
                notes.warn("\(field).port", "\(port.port) is not from 1 to 65535; the port is left out")
                continue
            }
            var value = common
            value.transport = transport
            value.port = number
            if spec.type == "NodePort" || spec.type == "LoadBalancer" {
                value.nodePort = port.nodePort.flatMap(UInt16.init(exactly:)).flatMap { $0 > 0 ? $0 : nil }
            }
            if ports.updateValue(value, forKey: port.name ?? "") != nil {
                notes.warn("\(field).name", "is the name of another port as well, which is left out")
            }
        }
        return ports
    }
}

extension TransportProtocol {
    /// The protocol of a port; nil if it is unknown.
    init?(port text: String?) {
        switch text {
        case nil, "", "TCP": self = .tcp
        case "UDP": self = .udp
        case "SCTP": self = .sctp
        default: return nil
        }
    }
}
