import IPVS

/// One of the addresses and ports that a service port can be reached at.
struct Frontend: Hashable {
    /// What it is to the service port.
    ///
    /// Of several service ports that want the same, the one whose claim is the strongest gets it: a cluster's control plane
    /// gives cluster IPs and node ports to one each, and what sets a load balancer's address is trusted as well, but
    /// anybody who may write a service can write any external IP into it.
    enum Role: Comparable {
        case clusterIP, nodePort, loadBalancerIP, externalIP
    }

    let transport: TransportProtocol
    let endpoint: Endpoint
    let role: Role

    /// Whether the address has to be bound, so that the node takes its packets for its own.
    let isBound: Bool

    /// Whose clients come here.
    var origin: ClientOrigin { role == .clusterIP ? .internal : .external }

    /// The virtual server for it.
    var id: VirtualServer.Identity { .endpoint(transport, endpoint) }
}

extension ServicePort {
    /// Where it can be reached on a node; an address that has several roles is there once, with the strongest.
    func frontends(on node: NodeFacts) -> [Frontend] {
        var frontends: [Frontend] = []
        func add(_ address: IPAddress, _ port: UInt16, _ role: Frontend.Role) {
            let endpoint = Endpoint(address, port)
            guard !frontends.contains(where: { $0.endpoint == endpoint }) else { return }
            let isBound = role != .nodePort && !node.addresses.contains(address)
            frontends.append(Frontend(transport: transport, endpoint: endpoint, role: role, isBound: isBound))
        }
        for address in clusterIPs { add(address, port, .clusterIP) }
        if let nodePort {
            // A service of one family has no endpoints for the other.
            let families = Set(clusterIPs.map(\.family))
            for address in node.nodePortAddresses where families.isEmpty || families.contains(address.family) {
                add(address, nodePort, .nodePort)
            }
        }
        for address in loadBalancerIPs { add(address, port, .loadBalancerIP) }
        for address in externalIPs { add(address, port, .externalIP) }
        return frontends
    }

    /// Which endpoints serve clients from somewhere.
    func trafficPolicy(for origin: ClientOrigin) -> TrafficPolicy {
        switch origin {
        case .internal: internalTrafficPolicy
        case .external: externalTrafficPolicy
        }
    }

    /// The virtual server at a place where it can be reached, with its real servers.
    func service(at frontend: Frontend, _ endpoints: UsableEndpoints, on node: NodeFacts) -> Table.Entry {
        let scheduler = scheduler ?? node.scheduler
        let server = VirtualServer(
            frontend.id,
            scheduler: scheduler,
            // By the client's address alone, as Maglev hashes do it otherwise, a client would never leave its endpoint.
            flags: node.flags.union(scheduler == .maglevHashing ? .mhPort : []),
            persistence: sessionAffinity.persistence
        )
        let realServers = endpoints.serving(trafficPolicy(for: frontend.origin), frontend.endpoint.address.family)
            .map { RealServer($0, forwarding: .masquerade) }
        do {
            return try Table.Entry(server, realServers: realServers)
        } catch {
            preconditionFailure("usable endpoints have one twice: \(error)")
        }
    }
}

extension ServicePort.SessionAffinity {
    fileprivate var persistence: Persistence? {
        switch self {
        case .none: nil
        case .clientIP(let timeout): Persistence(timeout: timeout)
        }
    }
}
