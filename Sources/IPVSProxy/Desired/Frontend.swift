import IPVS

/// An address and port at which a service port can be reached.
struct Frontend: Hashable {
    /// Where the service port's definition names it.
    ///
    /// Of several service ports that want the same frontend, the one with the strongest claim gets it. The control plane gives
    /// each cluster IP and node port to one service, and whatever sets a load balancer's address is trusted too. But anybody
    /// who may write a service can write any external IP into it.
    enum Role: Comparable {
        case clusterIP, nodePort, loadBalancerIP, externalIP
    }

    let transport: TransportProtocol
    let endpoint: Endpoint
    let role: Role

    /// Whether the address has to be bound, so that the node accepts its packets.
    let isBound: Bool

    /// Where its clients come from.
    var origin: ClientOrigin { role == .clusterIP ? .internal : .external }

    /// The virtual server for it.
    var id: VirtualServer.Identity { .endpoint(transport, endpoint) }
}

extension ServicePort {
    /// Where it can be reached on a node. An address with several roles is returned once, with the strongest one.
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
            for address in node.nodePortAddresses where isServed(in: address.family) {
                add(address, nodePort, .nodePort)
            }
        }
        for address in loadBalancerIPs { add(address, port, .loadBalancerIP) }
        for address in externalIPs { add(address, port, .externalIP) }
        return frontends
    }

    /// Whether it can have endpoints of an address family: that of a cluster IP, as the control plane makes endpoints for no
    /// other one. Without cluster IPs, its families are not known, and it can have both.
    func isServed(in family: IPAddress.Family) -> Bool {
        clusterIPs.isEmpty || clusterIPs.contains { $0.family == family }
    }

    /// The rejection of a frontend of its own that it can't have, whoever else wants it; nil if it can.
    func rejection(of frontend: Frontend, as name: ServicePortName, on node: NodeFacts) -> Rejection? {
        let address = frontend.endpoint.address
        if !isServed(in: address.family) {
            return Rejection(servicePort: name, id: frontend.id, reason: .noClusterIP(address.family))
        }
        if node.excludes(address) { return Rejection(servicePort: name, id: frontend.id, reason: .excluded) }
        return nil
    }

    /// Which endpoints serve clients of an origin.
    func trafficPolicy(for origin: ClientOrigin) -> TrafficPolicy {
        switch origin {
        case .internal: internalTrafficPolicy
        case .external: externalTrafficPolicy
        }
    }

    /// The table's entry for a frontend: the virtual server with its real servers.
    func entry(at frontend: Frontend, _ endpoints: UsableEndpoints, on node: NodeFacts) -> Table.Entry {
        let scheduler = scheduler ?? node.scheduler
        let server = VirtualServer(
            frontend.id,
            scheduler: scheduler,
            // Without the port, Maglev hashing would send all connections of a client to the same endpoint.
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
