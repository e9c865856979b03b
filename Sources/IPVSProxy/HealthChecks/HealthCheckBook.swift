import IPVS

/// How many endpoints of each service with a health-check node port are on this node. Only services and slices that change are
/// looked at.
struct HealthCheckBook: Sendable {
    /// The services with a health-check node port, and the numbers of their endpoints.
    private(set) var entries: [NamespacedName: Entry] = [:]

    /// The services whose entries may have changed.
    private var stale: Set<NamespacedName> = []

    struct Entry: Hashable, Sendable {
        let port: UInt16
        let localEndpoints: Int
    }

    /// Notes a change of a service.
    mutating func take(_ change: ObjectChange<ServiceDefinition>) {
        for service in [change.previous, change.current].compactMap(\.self) where service.healthCheckNodePort != nil {
            stale.insert(service.name)
        }
    }

    /// Notes a change of a slice. Those of services that have changed too have been noted before.
    mutating func take(_ change: ObjectChange<EndpointSlice>) {
        guard !entries.isEmpty else { return }
        for slice in [change.previous, change.current].compactMap(\.self) where entries[slice.service] != nil {
            stale.insert(slice.service)
        }
    }

    /// The services to renew, each once.
    mutating func takeStale() -> Set<NamespacedName> {
        defer { stale.removeAll() }
        return stale
    }

    /// Counts the endpoints of a service in its slices.
    mutating func renew(_ name: NamespacedName, _ service: ServiceDefinition?, _ slices: [EndpointSlice]) {
        guard let service, let port = service.checkedNodePort else {
            entries.removeValue(forKey: name)
            return
        }
        entries[name] = Entry(port: port, localEndpoints: service.localEndpoints(in: slices))
    }

    /// The health checks, ordered by service.
    ///
    /// - Parameter addresses: The addresses of the node to answer at; nil for all.
    /// - Returns: The health checks.
    func checks(at addresses: [IPAddress]?) -> [HealthCheck] {
        entries.sorted { $0.key < $1.key }.map { name, entry in
            HealthCheck(
                service: name,
                port: entry.port,
                addresses: addresses,
                localEndpoints: entry.localEndpoints
            )
        }
    }
}

extension ServiceDefinition {
    /// The port for health checks, if the external traffic policy makes a difference between nodes.
    var checkedNodePort: UInt16? {
        ports.values.contains { $0.externalTrafficPolicy == .local } ? healthCheckNodePort : nil
    }

    /// How many of the service's ready endpoints are on this node. Those of several ports have the same addresses. If they have
    /// addresses of both families, the family with more of them counts.
    fileprivate func localEndpoints(in slices: [EndpointSlice]) -> Int {
        var ready: [IPAddress.Family: Set<IPAddress>] = [:]
        for (name, port) in ports {
            for endpoint in slices.lazy.flatMap({ $0.endpoints[name] ?? [] }) where endpoint.isLocal && endpoint.isReady
            {
                let address = endpoint.endpoint.address
                if port.isServed(in: address.family) { ready[address.family, default: []].insert(address) }
            }
        }
        return ready.values.map(\.count).max() ?? 0
    }
}
