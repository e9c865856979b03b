/// The names of an object's fields in Kubernetes, including those that are not used here and those of older versions.
///
/// An unknown name that is nearly a known one is a misspelling, and one that is known elsewhere is at the wrong place. Other
/// unknown names are ignored, as they may be of a newer version.
struct Schema: Sendable {
    let names: Set<String>

    private init(_ names: String...) { self.names = Set(names) }
}

extension Schema {
    /// What tells the type of any object.
    static let typed = Schema("apiVersion", "kind")

    static let list = Schema("apiVersion", "kind", "metadata", "items")

    static let metadata = Schema(
        "annotations",
        "clusterName",
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "finalizers",
        "generateName",
        "generation",
        "initializers",
        "labels",
        "managedFields",
        "name",
        "namespace",
        "ownerReferences",
        "resourceVersion",
        "selfLink",
        "uid"
    )
}

// MARK: - Service

extension Schema {
    static let service = Schema("apiVersion", "kind", "metadata", "spec", "status")

    static let serviceSpec = Schema(
        "allocateLoadBalancerNodePorts",
        "clusterIP",
        "clusterIPs",
        "deprecatedPublicIPs",
        "externalIPs",
        "externalName",
        "externalTrafficPolicy",
        "healthCheckNodePort",
        "internalTrafficPolicy",
        "ipFamilies",
        "ipFamily",
        "ipFamilyPolicy",
        "loadBalancerClass",
        "loadBalancerIP",
        "loadBalancerSourceRanges",
        "ports",
        "publishNotReadyAddresses",
        "selector",
        "sessionAffinity",
        "sessionAffinityConfig",
        "topologyKeys",
        "trafficDistribution",
        "type"
    )

    static let servicePort = Schema("appProtocol", "name", "nodePort", "port", "protocol", "targetPort")
    static let affinityConfig = Schema("clientIP")
    static let clientIPConfig = Schema("timeoutSeconds")
    static let serviceStatus = Schema("conditions", "loadBalancer")
    static let loadBalancerStatus = Schema("ingress")
    static let loadBalancerIngress = Schema("hostname", "ip", "ipMode", "ports")
}

// MARK: - EndpointSlice and Endpoints

extension Schema {
    static let endpointSlice = Schema("addressType", "apiVersion", "endpoints", "kind", "metadata", "ports")

    static let endpointHints = Schema("forNodes", "forZones")

    static let endpoint = Schema(
        "addresses",
        "conditions",
        "deprecatedTopology",
        "hints",
        "hostname",
        "nodeName",
        "targetRef",
        "topology",
        "zone"
    )

    static let endpointConditions = Schema("ready", "serving", "terminating")
    static let endpointPort = Schema("appProtocol", "name", "port", "protocol")

    static let endpoints = Schema("apiVersion", "kind", "metadata", "subsets")
    static let endpointSubset = Schema("addresses", "notReadyAddresses", "ports")
    static let endpointAddress = Schema("hostname", "ip", "nodeName", "targetRef")
}

// MARK: - Where fields belong

extension Schema {
    /// Where a field with a name belongs in a kind of object, or else in another kind; nil if no kind has one.
    static func home(of name: String, in kind: String) -> String? {
        if let path = homes(in: kind).first(where: { $0.value.names.contains(name) })?.key {
            return path.isEmpty ? "the object itself" : path
        }
        return kinds.first { homes(in: $0).contains { $0.value.names.contains(name) } }.map {
            "objects of the kind \($0)"
        }
    }

    private static let kinds = [ManifestType.service, .endpointSlice, .endpoints].map(\.kind)

    /// The parts of an object by their paths. Of a name that several of them have, the first one counts.
    private static func homes(in kind: String) -> KeyValuePairs<String, Schema> {
        switch kind {
        case ManifestType.service.kind: partsOfService
        case ManifestType.endpointSlice.kind: partsOfSlice
        case ManifestType.endpoints.kind: partsOfEndpoints
        default: [:]
        }
    }

    private static let partsOfService: KeyValuePairs = [
        "": service, "metadata": metadata, "spec": serviceSpec, "spec.ports[]": servicePort,
        "spec.sessionAffinityConfig": affinityConfig, "spec.sessionAffinityConfig.clientIP": clientIPConfig,
        "status": serviceStatus, "status.loadBalancer": loadBalancerStatus,
        "status.loadBalancer.ingress[]": loadBalancerIngress,
    ]

    private static let partsOfSlice: KeyValuePairs = [
        "": endpointSlice, "metadata": metadata, "endpoints[]": endpoint, "endpoints[].conditions": endpointConditions,
        "endpoints[].hints": endpointHints, "ports[]": endpointPort,
    ]

    private static let partsOfEndpoints: KeyValuePairs = [
        "": endpoints, "metadata": metadata, "subsets[]": endpointSubset, "subsets[].ports[]": endpointPort,
        "subsets[].addresses[]": endpointAddress,
    ]
}
