import IPVS
public import IPVSProxy
public import KubernetesAPI

extension ObjectReader {
    /// Reads a service.
    ///
    /// - Parameter service: The service.
    /// - Returns: The service with its ports, without a value if a node doesn't serve it.
    public func service(_ service: CoreV1.Service) -> Reading<ServiceDefinition> {
        var notes = Notes("Service", service.name)
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
        let type = notes.choice(
            spec.type,
            "spec.type",
            ServiceType.names,
            otherwise: .clusterIP,
            "it counts as ClusterIP"
        )
        let clusterIPs: [IPAddress]
        switch ClusterIPs(spec, type, &notes) {
        case .served(let addresses): clusterIPs = addresses
        case .unserved(let reason):
            notes.note(reason.sentence)
            if spec.externalIPs?.isEmpty == false {
                notes.warn("spec.externalIPs", "are not served, as the service is \(reason.rawValue)")
            }
            return nil
        case .contradictory: return nil
        }

        var common = ServicePort(.tcp, 0, clusterIPs: clusterIPs)
        common.externalIPs = addresses(spec.externalIPs, "spec.externalIPs", &notes)
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
        common.internalTrafficPolicy = policy(spec.internalTrafficPolicy, "spec.internalTrafficPolicy", &notes)
        common.externalTrafficPolicy = policy(spec.externalTrafficPolicy, "spec.externalTrafficPolicy", &notes)
        let healthCheckNodePort = notes.portNumber(spec.healthCheckNodePort, "spec.healthCheckNodePort")
        let ports = self.ports(spec, type, common, &notes)
        guard !clusterIPs.isEmpty else {
            notes.warn("", "is not served, as it has no cluster IP")
            return nil
        }
        warnOfFieldsWithoutEffect(spec, type, common, &notes)
        let isChecked = type == .loadBalancer && common.externalTrafficPolicy == .local
        return ServiceDefinition(
            NamespacedName(service.metadata.namespace, service.metadata.name),
            ports: ports,
            healthCheckNodePort: isChecked ? healthCheckNodePort : nil
        )
    }

    /// The addresses of a list. Those that can't be served are left out.
    private func addresses(_ texts: [String]?, _ field: String, _ notes: inout Notes) -> [IPAddress] {
        var addresses: [IPAddress] = []
        for (index, text) in (texts ?? []).enumerated() {
            guard let address = notes.serviceAddress(text, "\(field)[\(index)]"), !addresses.contains(address)
            else { continue }
            addresses.append(address)
        }
        return addresses
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
            guard isServed, let text = ingress.ip, !text.isEmpty,
                let address = notes.serviceAddress(text, "status.loadBalancer.ingress[\(index)].ip"),
                !addresses.contains(address)
            else { continue }
            addresses.append(address)
        }
        return addresses
    }

    private func sourceRanges(_ spec: CoreV1.Service.Spec, _ notes: inout Notes) -> [IPAddress.Block] {
        var blocks: [IPAddress.Block] = []
        for (index, text) in (spec.loadBalancerSourceRanges ?? []).enumerated() {
            guard let block = notes.block(text, "spec.loadBalancerSourceRanges[\(index)]"), !blocks.contains(block)
            else { continue }
            blocks.append(block)
        }
        return blocks
    }

    private func sessionAffinity(_ spec: CoreV1.Service.Spec, _ notes: inout Notes) -> ServicePort.SessionAffinity {
        let kinds: KeyValuePairs = ["None": false, "ClientIP": true]
        let config = spec.sessionAffinityConfig?.clientIP
        guard notes.choice(spec.sessionAffinity, "spec.sessionAffinity", kinds, otherwise: false, "it counts as None")
        else {
            if config != nil {
                notes.warn(
                    "spec.sessionAffinityConfig.clientIP",
                    "has no effect, as sessionAffinity is not ClientIP"
                )
            }
            return .none
        }
        guard let timeout = config?.timeoutSeconds else { return .clientIP }
        guard let timeout = UInt32(exactly: timeout), (1...86_400).contains(timeout) else {
            notes.warn(
                "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
                "\(timeout) is not from 1 to 86400; it counts as 10800"
            )
            return .clientIP
        }
        return .clientIP(timeout: timeout)
    }

    private func policy(_ text: String?, _ field: String, _ notes: inout Notes) -> ServicePort.TrafficPolicy {
        notes.choice(
            text,
            field,
            ["Cluster": .cluster, "Local": .local],
            otherwise: .cluster,
            "it counts as Cluster"
        )
    }

    /// Warns of fields that don't apply to a service as it is. Servers since Kubernetes 1.20 remove or refuse them.
    private func warnOfFieldsWithoutEffect(
        _ spec: CoreV1.Service.Spec,
        _ type: ServiceType,
        _ common: ServicePort,
        _ notes: inout Notes
    ) {
        let isLocal = common.externalTrafficPolicy == .local
        if isLocal, type == .clusterIP, common.externalIPs.isEmpty, common.loadBalancerIPs.isEmpty {
            notes.warn(
                "spec.externalTrafficPolicy",
                "Local has no effect, as the service has no external addresses"
            )
        }
        if !isLocal || type != .loadBalancer, spec.healthCheckNodePort ?? 0 != 0 {
            let cause = isLocal ? "the service's type is \(type.rawValue)" : "externalTrafficPolicy is not Local"
            notes.warn("spec.healthCheckNodePort", "has no effect, as \(cause)")
        }
        // An address that is left in the status is served, and therefore protected.
        if type != .loadBalancer, common.loadBalancerIPs.isEmpty, !common.loadBalancerSourceRanges.isEmpty {
            notes.warn(
                "spec.loadBalancerSourceRanges",
                "has no effect, as the service's type is \(type.rawValue)"
            )
        }
    }
}

/// The type of a service.
enum ServiceType: String {
    case clusterIP = "ClusterIP"
    case nodePort = "NodePort"
    case loadBalancer = "LoadBalancer"
    case externalName = "ExternalName"

    static let names: KeyValuePairs<String, Self> = [
        "ClusterIP": clusterIP, "NodePort": nodePort, "LoadBalancer": loadBalancer, "ExternalName": externalName,
    ]
}
