import IPVS

/// The endpoints of a service port that connections go to.
///
/// Those are the ready ones; if none is, those that still serve while they terminate, so that a service which is being
/// replaced is not without any.
struct UsableEndpoints {
    /// All of them, for the cluster policy; ordered.
    let all: [Endpoint]

    /// Those of this node, for the local policy; ordered. One can be here that is not among all: one that terminates,
    /// where others are ready but none on this node.
    let local: [Endpoint]

    /// Those of some endpoints, in which one can be several times.
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

    /// Whether there are some, but none on this node.
    var areElsewhereOnly: Bool { local.isEmpty && !all.isEmpty }

    /// Those of a family that serve clients under a policy; ordered.
    func serving(_ policy: ServicePort.TrafficPolicy, _ family: IPAddress.Family) -> ArraySlice<Endpoint> {
        let endpoints =
            switch policy {
            case .cluster: all
            case .local: local
            }
        // The order leaves those of a family together.
        return endpoints.drop { $0.address.family != family }.prefix { $0.address.family == family }
    }
}
