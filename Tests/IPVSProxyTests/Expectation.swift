import IPVS

@testable import IPVSProxy

/// The state that the rules require, computed from all objects at once and without regard to cost.
struct Expectation {
    var table = Table()
    var addresses: Set<IPAddress> = []
    var rejections: Set<Rejection> = []
    var unserved: [ClientOrigin: Set<ServicePortName>] = [.internal: [], .external: []]

    private struct Wish {
        let strength: Int
        let name: ServicePortName
        let port: ServicePort
        let id: VirtualServer.Identity
        let address: IPAddress
    }

    init(_ objects: FinalObjects) {
        var wishes: [Wish] = []
        for service in objects.services.values {
            for (portName, port) in service.ports {
                let name = ServicePortName(service.name, port: portName)
                func wish(_ strength: Int, _ addresses: [IPAddress], _ number: UInt16) {
                    wishes += addresses.map {
                        let id = VirtualServer.Identity.endpoint(port.transport, Endpoint($0, number))
                        return Wish(strength: strength, name: name, port: port, id: id, address: $0)
                    }
                }
                wish(1, port.clusterIPs, port.port)
                if let nodePort = port.nodePort {
                    let addresses = objects.node.addresses.filter { address in
                        (port.clusterIPs.isEmpty || port.clusterIPs.contains { $0.family == address.family })
                            && (objects.node.nodePortBlocks.isEmpty
                                || objects.node.nodePortBlocks.contains { $0.contains(address) })
                    }
                    wish(2, addresses, nodePort)
                }
                wish(3, port.loadBalancerIPs, port.port)
                wish(4, port.externalIPs, port.port)
            }
        }
        wishes.sort { ($0.strength, $0.name) < ($1.strength, $1.name) }

        var owners: [VirtualServer.Identity: ServicePortName] = [:]
        var reached: Set<String> = []
        for wish in wishes {
            let isInternal = wish.strength == 1
            if !wish.port.clusterIPs.isEmpty, wish.port.clusterIPs.allSatisfy({ $0.family != wish.address.family }) {
                let reason = Rejection.Reason.noClusterIP(wish.address.family)
                rejections.insert(Rejection(servicePort: wish.name, id: wish.id, reason: reason))
                continue
            }
            if objects.node.excludedBlocks.contains(where: { $0.contains(wish.address) }) {
                rejections.insert(Rejection(servicePort: wish.name, id: wish.id, reason: .excluded))
                continue
            }
            let policy = isInternal ? wish.port.internalTrafficPolicy : wish.port.externalTrafficPolicy
            let endpoints = Self.endpoints(of: wish.name, objects)
            // A second role of the same address is ignored.
            if reached.insert("\(wish.name) \(wish.id)").inserted, policy == .local,
                Self.usable(endpoints.filter(\.isLocal)).isEmpty, !Self.usable(endpoints).isEmpty
            {
                unserved[isInternal ? .internal : .external]?.insert(wish.name)
            }
            if let owner = owners[wish.id] {
                if owner != wish.name {
                    rejections.insert(Rejection(servicePort: wish.name, id: wish.id, reason: .taken(by: owner)))
                }
                continue
            }
            owners[wish.id] = wish.name
            let usable =
                policy == .local ? Self.usable(endpoints.filter(\.isLocal)) : Self.usable(endpoints, followsHints: true)
            var server = VirtualServer(wish.id, scheduler: wish.port.scheduler ?? objects.node.scheduler)
            server.flags = objects.node.flags
            if case .clientIP(let timeout) = wish.port.sessionAffinity {
                server.persistence = Persistence(timeout: timeout)
            }
            var service = Table.Entry(server)
            for endpoint in usable where endpoint.address.family == wish.address.family {
                service.replace(RealServer(endpoint, forwarding: .masquerade))
            }
            table.replace(service)
            if wish.strength != 2, !objects.node.addresses.contains(wish.address) { addresses.insert(wish.address) }
        }
    }

    private static func endpoints(of name: ServicePortName, _ objects: FinalObjects) -> [ServiceEndpoint] {
        objects.slices.values.filter { $0.service == name.service }.flatMap { $0.endpoints[name.port] ?? [] }
    }

    private static func usable(_ endpoints: [ServiceEndpoint], followsHints: Bool = false) -> Set<Endpoint> {
        var usable: Set<Endpoint> = []
        for family in [IPAddress.Family.ipv4, .ipv6] {
            let ofFamily = endpoints.filter { $0.endpoint.address.family == family }
            var chosen = ofFamily.filter(\.isReady)
            if chosen.isEmpty {
                chosen = ofFamily.filter { $0.isServing && $0.isTerminating }
            } else if followsHints {
                let forNode = chosen.filter { $0.hints.contains(.thisNode) }
                let forZone = chosen.filter { $0.hints.contains(.thisZone) }
                if chosen.allSatisfy({ $0.hints.contains(.nodes) }), !forNode.isEmpty {
                    chosen = forNode
                } else if chosen.allSatisfy({ $0.hints.contains(.zones) }), !forZone.isEmpty {
                    chosen = forZone
                }
            }
            usable.formUnion(chosen.map(\.endpoint))
        }
        return usable
    }
}
