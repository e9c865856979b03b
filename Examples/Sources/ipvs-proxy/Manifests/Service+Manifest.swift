import Common
import IPVS
import IPVSProxy
import Yams

// Kubernetes' Service, of the API group v1.

extension ServiceDefinition {
    /// Reads a service. Returns nil if it has an error or is not served by this proxy, and records the reason.
    init?(_ name: NamespacedName, _ object: ManifestObject, _ fields: inout Fields) {
        guard let spec = fields.object(object.place.field("spec"), .serviceSpec) else {
            if object.place.field("spec") == nil { fields.refuse(object.place, lacks: "spec") }
            return nil
        }
        let names = ManifestServiceType.names
        let type = fields.choice(spec.filled("type"), names, otherwise: "it counts as ClusterIP") ?? .clusterIP
        guard type != .externalName else {
            ClusterIPs.refuse(spec, type, &fields)
            fields.note("is an ExternalName, which is for DNS alone")
            Self.warnOfExternalIPs(spec, "an ExternalName", &fields)
            return nil
        }
        guard case .addresses(let clusterIPs) = ClusterIPs(spec, type, &fields) else {
            fields.note("is headless, so that its clients need no proxy")
            Self.warnOfExternalIPs(spec, "headless", &fields)
            return nil
        }

        var common = ServicePort(.tcp, 0, clusterIPs: clusterIPs)
        common.externalIPs = fields.list(spec.field("externalIPs")).compactMap { fields.externalAddress($0) }.unique
        let balancers = LoadBalancerStatus(object.place, &fields)
        common.loadBalancerIPs = balancers.addresses.unique
        let ranges = fields.list(spec.field("loadBalancerSourceRanges"))
        common.loadBalancerSourceRanges = ranges.compactMap { fields.block($0) }.unique
        common.sessionAffinity = Self.sessionAffinity(spec, &fields)
        common.internalTrafficPolicy = fields.choice(spec.filled("internalTrafficPolicy"), Self.policies) ?? .cluster
        common.externalTrafficPolicy = fields.choice(spec.filled("externalTrafficPolicy"), Self.policies) ?? .cluster
        let healthCheckNodePort = fields.number(spec.field("healthCheckNodePort"), UInt16(0)...UInt16.max) ?? 0
        let ports = Self.ports(spec, type, common, &fields)
        guard fields.errors.isEmpty else { return nil }

        // The API server assigns one to each service, so a missing one is a mistake in a manifest written by hand.
        guard !clusterIPs.isEmpty else {
            fields.note("is not served, as it has no cluster IP", isWarning: true)
            return nil
        }
        Self.warnOfFieldsWithoutEffect(spec, type, common, &fields)
        Self.noteRequest(spec, common, balancers, &fields)
        self.init(name, ports: ports)
        if healthCheckNodePort > 0, type == .loadBalancer, common.externalTrafficPolicy == .local {
            self.healthCheckNodePort = healthCheckNodePort
        }
    }

    /// Warns of the external IPs of a service that is not served.
    private static func warnOfExternalIPs(_ spec: Place, _ kind: String, _ fields: inout Fields) {
        guard let place = spec.field("externalIPs"), !fields.list(place).isEmpty else { return }
        fields.warn(place, "are not served, as the service is \(kind)")
    }

    /// Warns of fields that don't apply to a service as it is.
    private static func warnOfFieldsWithoutEffect(
        _ spec: Place,
        _ type: ManifestServiceType,
        _ common: ServicePort,
        _ fields: inout Fields
    ) {
        if let place = spec.field("topologyKeys"), !fields.list(place).allSatisfy({ $0.scalarText == "*" }) {
            fields.warn(place, "has no effect: Kubernetes has given it up in favor of trafficDistribution")
        }
        let isLocal = common.externalTrafficPolicy == .local
        if isLocal, type == .clusterIP, common.externalIPs.isEmpty, common.loadBalancerIPs.isEmpty,
            let place = spec.field("externalTrafficPolicy")
        {
            fields.warn(place, "Local has no effect, as the service has no external addresses")
        }
        if !isLocal || type != .loadBalancer, let place = spec.field("healthCheckNodePort"), place.scalarText != "0" {
            let cause = isLocal ? "the service's type is \(type.rawValue)" : "externalTrafficPolicy is not Local"
            fields.warn(place, "has no effect, as \(cause)")
        }
        // An address that is left in the status is served, and therefore protected.
        if type != .loadBalancer, common.loadBalancerIPs.isEmpty, !common.loadBalancerSourceRanges.isEmpty,
            let place = spec.field("loadBalancerSourceRanges")
        {
            fields.warn(place, "has no effect, as the service's type is \(type.rawValue)")
        }
    }

    /// Records that the address that a load balancer should get is not the one that it has.
    private static func noteRequest(
        _ spec: Place,
        _ common: ServicePort,
        _ balancers: LoadBalancerStatus,
        _ fields: inout Fields
    ) {
        guard let place = spec.filled("loadBalancerIP"), let text = place.scalarText,
            let address = IPAddress(manifest: text)
        else { return }
        let served = common.clusterIPs + common.externalIPs + common.loadBalancerIPs + balancers.replaced
        guard !served.contains(address) else { return }
        fields.warn(place, "\(address) is not served: of load balancers, only addresses in status.loadBalancer are")
    }

    private static let policies: KeyValuePairs<String, ServicePort.TrafficPolicy> = [
        "Cluster": .cluster, "Local": .local,
    ]

    private static func sessionAffinity(_ spec: Place, _ fields: inout Fields) -> ServicePort.SessionAffinity {
        let config = fields.object(spec.field("sessionAffinityConfig"), .affinityConfig)
        guard fields.choice(spec.filled("sessionAffinity"), ["None": false, "ClientIP": true]) ?? false else {
            if let place = config?.field("clientIP") {
                fields.warn(place, "has no effect, as sessionAffinity is not ClientIP")
            }
            return .none
        }
        let clientIP = fields.object(config?.field("clientIP"), .clientIPConfig)
        let timeout = fields.number(clientIP?.field("timeoutSeconds"), UInt32(1)...86_400)
        return timeout.map { .clientIP(timeout: $0) } ?? .clientIP
    }
}

/// The type of a service.
enum ManifestServiceType: String, CaseIterable {
    case clusterIP = "ClusterIP"
    case nodePort = "NodePort"
    case loadBalancer = "LoadBalancer"
    case externalName = "ExternalName"

    static let names: KeyValuePairs<String, Self> = [
        "ClusterIP": clusterIP, "NodePort": nodePort, "LoadBalancer": loadBalancer, "ExternalName": externalName,
    ]
}

extension Fields {
    /// An address that a service can have.
    mutating func serviceAddress(_ place: Place?) -> IPAddress? {
        guard let place, let address = address(place) else { return nil }
        if let purpose = address.purpose {
            refuse(place, "\(address) is \(purpose.rawValue), which no service can have")
            return nil
        }
        return address
    }

    /// An external address. API servers store addresses of groups of hosts, which can't be served.
    fileprivate mutating func externalAddress(_ place: Place) -> IPAddress? {
        let isStored = [.multicast, .broadcast].contains(place.scalarText.flatMap { IPAddress(manifest: $0) }?.purpose)
        return isStored ? tolerantly { $0.serviceAddress(place) } : serviceAddress(place)
    }
}

extension Array where Element: Hashable {
    /// Each element once.
    fileprivate var unique: Self {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
