import IPVS
import IPVSProxy

/// The services of the lab's cluster: one for each kind of row in the table.
enum LabService: String, CaseIterable {
    /// Only a cluster IP; endpoints on both nodes.
    case web
    /// The only endpoint is pod 1.
    case own
    /// The only endpoint is the node itself.
    case host
    /// All kinds of addresses, and the cluster policy.
    case open
    /// All kinds of addresses, and the local policy.
    case local
    /// The same, without an endpoint on the node.
    case away
    /// Only the stranger's first address may reach the load balancer's.
    case ranged
    /// The same with the local policy.
    case rangedLocal = "ranged-local"
    /// Only the node's own addresses may reach the load balancer's.
    case rangedNode = "ranged-node"
    /// No endpoints.
    case idle

    private var number: Int { (Self.allCases.firstIndex(of: self) ?? 0) + 1 }

    var clusterIP: AddressPair { AddressPair("10.96.0.\(number)", "fd00:96::\(number)") }
    var externalIP: AddressPair { AddressPair("203.0.113.\(number)", "2001:db8:203::\(number)") }
    var loadBalancerIP: AddressPair { AddressPair("203.0.113.\(100 + number)", "2001:db8:203::\(100 + number)") }
    var nodePort: UInt16 { UInt16(30_000 + number) }

    /// The port at all addresses but the node's.
    static let port: UInt16 = 80

    /// A port of the node at which it answers health checks for the service `local`.
    static let healthCheckPort: UInt16 = 32_000

    var endpoints: [Backend] {
        switch self {
        case .own: [.pod1]
        case .host: [.node]
        case .web, .open, .local, .ranged, .rangedLocal, .rangedNode: [.pod1, .pod3]
        case .away: [.pod3]
        case .idle: []
        }
    }

    private var ranges: [IPAddress] {
        switch self {
        case .ranged, .rangedLocal: Place.stranger.address?.both ?? []
        case .rangedNode: Backend.node.address.both
        default: []
        }
    }

    var name: NamespacedName { NamespacedName("lab", rawValue) }

    func definition(_ transports: [TransportProtocol]) -> ServiceDefinition {
        let isInternal = [.web, .own, .host].contains(self)
        let isLocal = [.local, .away, .rangedLocal].contains(self)
        let ports = transports.map { transport in
            ServicePort(
                transport,
                Self.port,
                clusterIPs: clusterIP.both,
                nodePort: isInternal ? nil : nodePort,
                externalIPs: isInternal ? [] : externalIP.both,
                loadBalancerIPs: isInternal ? [] : loadBalancerIP.both,
                loadBalancerSourceRanges: ranges.map { IPAddress.Block($0) },
                externalTrafficPolicy: isLocal ? .local : .cluster
            )
        }
        return ServiceDefinition(
            name,
            ports: Dictionary(uniqueKeysWithValues: ports.map { ("\($0.transport)", $0) }),
            healthCheckNodePort: self == .local ? Self.healthCheckPort : nil
        )
    }

    /// The service's only slice, with some endpoints or its own.
    func slice(_ transports: [TransportProtocol], _ endpoints: [ServiceEndpoint]? = nil) -> EndpointSlice {
        let own = self.endpoints.flatMap { backend in
            backend.address.both.map { ServiceEndpoint(Endpoint($0, Backend.port), isLocal: backend.isLocal) }
        }
        return EndpointSlice(
            NamespacedName("lab", "\(rawValue)-1"),
            of: name,
            endpoints: Dictionary(uniqueKeysWithValues: transports.map { ("\($0)", endpoints ?? own) })
        )
    }
}

/// Where requests come from.
enum Place: String {
    case pod1 = "pod 1"
    case pod2 = "pod 2"
    case node
    case stranger
    /// A stranger whose address is in no range of sources.
    case unwelcome = "stranger out of range"

    /// The only source of requests from there; nil for the node, which has several.
    var address: AddressPair? {
        switch self {
        case .pod1: Backend.pod1.address
        case .pod2: Backend.pod2.address
        case .node: nil
        case .stranger: AddressPair("192.0.2.9", "2001:db8:2::9")
        case .unwelcome: AddressPair("192.0.2.66", "2001:db8:2::66")
        }
    }

    /// The node's own addresses, one of which endpoints see as a source where connections are masqueraded.
    static let nodeAddresses: Set<IPAddress> = Set(
        AddressPair("10.244.1.1", "fd00:244:1::1").both + AddressPair("192.168.0.1", "fd00:168::1").both
            + Backend.node.address.both
    )
}
