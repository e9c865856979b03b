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
        guard frontend.role != .clusterIP else { return [.clusterIP(destination): .none] }
        var elements: [PacketRules.Key: PacketRules.Value] = [:]
        if frontend.role == .loadBalancerIP, !loadBalancerSourceRanges.isEmpty {
            elements[.restricted(destination)] = .sourceRanges(name)
        }
        guard externalTrafficPolicy == .local else {
            elements[.external(destination)] = PacketRules.Value.none
            return elements
        }
        let family = frontend.endpoint.address.family
        elements[.local(destination)] = PacketRules.Value.none
        if let address = clusterIPs.first(where: { $0.family == family }), !node.excludes(address) {
            elements[.redirect(destination)] = .endpoint(Endpoint(address, port))
        }
        if endpoints.serving(.local, family).isEmpty, !endpoints.serving(.cluster, family).isEmpty {
            elements[.unserved(destination)] = PacketRules.Value.none
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
