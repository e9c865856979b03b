import IPVS

/// The endpoints of a service port that get connections.
///
/// These are the ready ones or, if there are none, those that still serve while they terminate, so that a service whose
/// endpoints are being replaced is not without any.
struct UsableEndpoints {
    /// All usable endpoints, for the cluster policy; ordered.
    let all: [Endpoint]

    /// The usable endpoints of this node, for the local policy; ordered. Not all of them need to be in `all`: where no endpoint
    /// of this node is ready, but others are, a terminating one is only here.
    let local: [Endpoint]

    /// The usable ones of some endpoints, of which one can occur several times.
    init(_ endpoints: [ServiceEndpoint]) {
        all = Self.usable(endpoints)
        local = Self.usable(endpoints.filter(\.isLocal))
    }

    private static func usable(_ endpoints: [ServiceEndpoint]) -> [Endpoint] {
        let areReady = endpoints.contains(where: \.isReady)
        var usable: [Endpoint] = []
        usable.reserveCapacity(endpoints.count)
        for endpoint in endpoints where areReady ? endpoint.isReady : endpoint.isServing && endpoint.isTerminating {
            usable.append(endpoint.endpoint)
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
