import IPVS

/// How the endpoints of a service's port have changed, in all of its slices together.
struct EndpointChange: Sendable {
    let servicePort: ServicePortName

    /// The endpoints by their addresses, as they were and as they are, in the slices that have changed.
    private(set) var (before, after): ([Endpoint: ServiceEndpoint], [Endpoint: ServiceEndpoint]) = ([:], [:])

    /// How many endpoints are named.
    private static let namedEndpoints = 10

    /// The changes, ordered by service port. An endpoint that moved from one slice to another is none.
    static func all(in changes: [ObjectChange<EndpointSlice>]) -> [EndpointChange] {
        var all: [ServicePortName: EndpointChange] = [:]
        for change in changes {
            for name in change.servicePorts {
                var changed = all[name] ?? EndpointChange(servicePort: name)
                for endpoint in change.previous.endpoints(of: name) { changed.before[endpoint.endpoint] = endpoint }
                for endpoint in change.current.endpoints(of: name) { changed.after[endpoint.endpoint] = endpoint }
                all[name] = changed
            }
        }
        return all.values.filter { $0.before != $0.after }.sorted { $0.servicePort < $1.servicePort }
    }

    private init(servicePort: ServicePortName) { self.servicePort = servicePort }

    /// The service port and what differs: `endpoints of default/web:http: +10.244.1.5:8080 -10.244.1.4:8080`.
    var summary: String {
        let endpoints = Set(before.keys).union(after.keys).sorted().compactMap { endpoint -> String? in
            switch (before[endpoint], after[endpoint]) {
            case (nil, let new?): "+\(endpoint)\(new.state == Self.ready ? "" : " (\(new.state))")"
            case (_?, nil): "-\(endpoint)"
            case (let old?, let new?):
                old == new ? nil : "\(endpoint) \(old.state == new.state ? "changed" : "\(old.state) -> \(new.state)")"
            case (nil, nil): nil
            }
        }
        let more = endpoints.count > Self.namedEndpoints ? " and \(endpoints.count - Self.namedEndpoints) more" : ""
        return "endpoints of \(servicePort): \(endpoints.prefix(Self.namedEndpoints).joined(separator: " "))\(more)"
    }

    fileprivate static let ready = "ready"
}

extension ServiceEndpoint {
    fileprivate var state: String {
        if isTerminating { return isServing ? "terminating, serving" : "terminating" }
        return isReady ? EndpointChange.ready : "not ready"
    }
}

extension EndpointSlice? {
    fileprivate func endpoints(of name: ServicePortName) -> [ServiceEndpoint] {
        guard let slice = self, slice.service == name.service else { return [] }
        return slice.endpoints[name.port] ?? []
    }
}
