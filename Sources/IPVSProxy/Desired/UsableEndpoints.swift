import IPVS

/// The endpoints of a service port that get connections.
///
/// These are the ready ones or, if there are none, those that still serve while they terminate, so that a service whose
/// endpoints are being replaced is not without any. Of the ready ones, the cluster policy uses those that hints intend for this
/// node or its zone, if there are any. Each address family is on its own.
struct UsableEndpoints {
    /// All usable endpoints, for the cluster policy; ordered.
    let all: [Endpoint]

    /// The usable endpoints of this node, for the local policy; ordered. Not all of them need to be in `all`: where no endpoint
    /// of this node is ready, but others are, a terminating one is only here, and so is one that hints intend for other nodes.
    let local: [Endpoint]

    /// The usable ones of some endpoints, of which one can occur several times.
    init(_ endpoints: [ServiceEndpoint]) {
        all = Self.usable(endpoints, followsHints: true)
        local = Self.usable(endpoints.filter(\.isLocal), followsHints: false)
    }

    private static func usable(_ endpoints: [ServiceEndpoint], followsHints: Bool) -> [Endpoint] {
        var (ipv4, ipv6) = (Selection(), Selection())
        for endpoint in endpoints where endpoint.isReady {
            switch endpoint.endpoint.address.family {
            case .ipv4: ipv4.note(ready: endpoint)
            case .ipv6: ipv6.note(ready: endpoint)
            }
        }
        var usable: [Endpoint] = []
        usable.reserveCapacity(endpoints.count)
        for endpoint in endpoints {
            let selection = endpoint.endpoint.address.family == .ipv4 ? ipv4 : ipv6
            if selection.includes(endpoint, followsHints: followsHints) { usable.append(endpoint.endpoint) }
        }
        usable.sort()
        guard zip(usable, usable.dropFirst()).contains(where: ==) else { return usable }
        return usable.reduce(into: []) { unique, endpoint in
            if unique.last != endpoint { unique.append(endpoint) }
        }
    }

    /// Whether there are usable endpoints, but none on this node.
    var areElsewhereOnly: Bool { local.isEmpty && !all.isEmpty }

    /// The endpoints of an address family that serve clients under a policy; ordered.
    func serving(_ policy: ServicePort.TrafficPolicy, _ family: IPAddress.Family) -> ArraySlice<Endpoint> {
        let endpoints =
            switch policy {
            case .cluster: all
            case .local: local
            }
        // They are ordered by address family first.
        return endpoints.drop { $0.address.family != family }.prefix { $0.address.family == family }
    }
}

/// Which endpoints of an address family are usable, once all ready ones are known.
private struct Selection {
    private var areReady = false

    /// The hints that any of the ready endpoints has, and those that all of them have.
    private var (some, common): (ServiceEndpoint.Hints, ServiceEndpoint.Hints) = ([], [.thisNode, .thisZone])

    mutating func note(ready endpoint: ServiceEndpoint) {
        areReady = true
        some.formUnion(endpoint.hints)
        common.formIntersection(endpoint.hints)
    }

    func includes(_ endpoint: ServiceEndpoint, followsHints: Bool) -> Bool {
        guard areReady else { return endpoint.isServing && endpoint.isTerminating }
        return endpoint.isReady && (!followsHints || endpoint.hints.isSuperset(of: required))
    }

    /// The hints that a ready endpoint needs. Those for nodes or zones are followed only if all ready endpoints have some.
    /// Otherwise, the control plane is about to write or to remove them.
    private var required: ServiceEndpoint.Hints {
        if common.contains(.nodes), some.contains(.thisNode) { return .thisNode }
        if common.contains(.zones), some.contains(.thisZone) { return .thisZone }
        return []
    }
}
