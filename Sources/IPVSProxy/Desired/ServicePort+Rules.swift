import IPVS

// What packet rules a service port requires.
extension ServicePort {
    /// The elements of sets and maps for a frontend.
    func rules(
        at frontend: Frontend,
        as name: ServicePortName,
        _ endpoints: UsableEndpoints,
        on node: NodeFacts
    ) -> [PacketRules.Key: PacketRules.Value] {
        guard let destination = PacketRules.Destination(frontend.id) else { return [:] }
        let family = frontend.endpoint.address.family
        let policy = trafficPolicy(for: frontend.origin)
        var elements: [PacketRules.Key: PacketRules.Value] = [:]
        if endpoints.serving(policy, family).isEmpty {
            // A load balancer finds out by a dropped packet that it has to try another node.
            let isServedElsewhere = frontend.origin == .external && !endpoints.serving(.cluster, family).isEmpty
            elements[isServedElsewhere ? .unserved(destination) : .refused(destination)] = PacketRules.Value.none
        }
        if frontend.role == .loadBalancerIP, !loadBalancerSourceRanges.isEmpty {
            elements[.restricted(destination)] = .sourceRanges(name)
        }
        switch (frontend.origin, policy) {
        case (.internal, _):
            elements[.clusterIP(destination)] = PacketRules.Value.none
        case (.external, .cluster):
            elements[.external(destination)] = PacketRules.Value.none
        case (.external, .local):
            elements[.local(destination)] = PacketRules.Value.none
            if let address = clusterIPs.first(where: { $0.family == family }), !node.excludes(address) {
                elements[.redirect(destination)] = .endpoint(Endpoint(address, port))
            }
        }
        return elements
    }

    /// The blocks of addresses that may reach its load balancer's addresses, of which none is within another one; nil if all
    /// may.
    ///
    /// The node's own packets to a load balancer's address have that address as their source. So if a block has an address of
    /// the node, the load balancer's addresses are let in too.
    func allowedSources(on node: NodeFacts) -> [IPAddress.Block]? {
        guard !loadBalancerSourceRanges.isEmpty, !loadBalancerIPs.isEmpty else { return nil }
        let own = loadBalancerIPs.filter { address in
            node.addresses.contains { $0.family == address.family && loadBalancerSourceRanges.cover($0) }
        }
        return (loadBalancerSourceRanges + own.map(IPAddress.Block.init)).withoutContained
    }
}

extension [IPAddress.Block] {
    /// The blocks in order, without those that are within another one.
    fileprivate var withoutContained: [IPAddress.Block] {
        let ordered = sorted { ($0.first, $0.prefixLength) < ($1.first, $1.prefixLength) }
        return ordered.reduce(into: []) { kept, block in
            // A block begins where, or after, one does that contains it.
            if let last = kept.last, last.contains(block.first), last.prefixLength <= block.prefixLength { return }
            kept.append(block)
        }
    }
}

extension VirtualServer.Identity {
    /// The address and port, if it is for UDP.
    var udpEndpoint: Endpoint? {
        guard case .endpoint(.udp, let endpoint) = self else { return nil }
        return endpoint
    }
}
