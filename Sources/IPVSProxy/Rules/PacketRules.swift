public import IPVS

/// The packet rules of a node as a value: what has to happen to packets so that all connections of its services arrive, and
/// their answers find the way back.
///
/// IPVS selects an endpoint and rewrites the destination of a packet. Which sources are rewritten too, which packets are
/// refused, and who is sent to which address before IPVS sees the packet is up to rules. They are a fixed program, which
/// depends only on ``Options``, and sets and maps that the program looks packets up in. So their number never grows with the
/// services, and a change of a service is a change of some elements.
///
/// The value depends on no kernel and on no format of rules. A ``PacketFilter`` makes a kernel's rules what it says.
public struct PacketRules: Hashable, Sendable {
    /// What the fixed part depends on.
    public var options: Options

    /// The elements of the sets and maps: their keys, with the values of maps.
    public internal(set) var elements: [Key: Value]

    /// The blocks of addresses that may reach a load balancer's addresses, for each service port that limits them. No block
    /// is within another one.
    public internal(set) var sourceRanges: [ServicePortName: [IPAddress.Block]]

    /// Rules with some elements.
    public init(
        _ options: Options = Options(),
        elements: [Key: Value] = [:],
        sourceRanges: [ServicePortName: [IPAddress.Block]] = [:]
    ) {
        self.options = options
        self.elements = elements
        self.sourceRanges = sourceRanges
    }
}

// MARK: - Elements

extension PacketRules {
    /// Where a packet is sent: a protocol, an address and a port.
    public struct Destination: Hashable, Sendable {
        /// The protocol, which is TCP, UDP or SCTP.
        public let transport: TransportProtocol

        /// The address and port.
        public let endpoint: Endpoint

        /// A destination.
        public init(_ transport: TransportProtocol, _ endpoint: Endpoint) {
            self.transport = transport
            self.endpoint = endpoint
        }
    }

    /// The key of an element, and the set or map that the element is in.
    public enum Key: Hashable, Sendable {
        /// A cluster IP with a port. Connections to it are masqueraded unless they come from the cluster's pods.
        case clusterIP(Destination)
        /// Any other address of a service with the cluster policy, with a port; or a node port at an address of the node.
        /// Connections to it are masqueraded.
        case external(Destination)
        /// The same with the local policy. Connections to it keep their source, except for those of the node itself.
        case local(Destination)
        /// A destination with the local policy whose connections, if they come from the cluster's pods or from the node
        /// itself, are sent to the cluster IP instead; its value is an ``Value/endpoint(_:)``. It is also in ``local(_:)``.
        case redirect(Destination)
        /// A destination with the local policy that has endpoints, but none on this node. Connections from elsewhere are
        /// dropped, so that a load balancer tries another node. It is also in ``local(_:)``.
        case unserved(Destination)
        /// A destination without any endpoint. Connections to it are refused at once, which IPVS alone doesn't do for all. It is
        /// also in one of the sets above.
        case refused(Destination)
        /// A load balancer's address with a port that only some sources may reach; its value is a
        /// ``Value/sourceRanges(_:)``. Packets of others are dropped.
        case restricted(Destination)
        /// An address that the proxier binds. Connections to ports at which no service is served are refused there.
        case address(IPAddress)
        /// The address of an endpoint on this node. Its connections that IPVS sends back to itself are masqueraded.
        case hairpin(IPAddress)
        /// A port at which health checks of load balancers are answered, at all addresses.
        case healthCheckPort(UInt16)
    }

    /// The value of an element.
    public enum Value: Hashable, Sendable {
        /// The element of a set, which has none.
        case none
        /// An address and port to which packets are sent.
        case endpoint(Endpoint)
        /// The service port whose ``PacketRules/sourceRanges`` apply.
        case sourceRanges(ServicePortName)
    }

    /// An element of a set or map.
    public struct Element: Hashable, Sendable {
        /// The key.
        public let key: Key

        /// The value.
        public let value: Value

        /// An element.
        public init(_ key: Key, _ value: Value = .none) {
            self.key = key
            self.value = value
        }
    }
}

// MARK: - Options

extension PacketRules {
    /// What the fixed part of the rules depends on.
    public struct Options: Hashable, Sendable {
        /// How packets of the cluster's pods are recognized.
        public var pods = PodDetection.none

        /// Whether all connections to cluster IPs are masqueraded, those of pods too.
        public var masqueradesAll = false

        /// The number of the bit of a packet's mark that says that it is to be masqueraded, from 0 to 31. No other program of
        /// the node may use it. The default is that of kube-proxy.
        public var masqueradeBit: UInt8 = 14

        /// The default options.
        public init() {}
    }

    /// How packets of the cluster's pods are recognized. Others are strangers' packets, or the node's own.
    public enum PodDetection: Hashable, Sendable {
        /// They are not. Connections to cluster IPs are masqueraded only if they are the node's own, and pods are treated like
        /// strangers by services with the local policy.
        case none
        /// By their source, which is in one of these blocks.
        case sources([IPAddress.Block])
        /// By the bridge that they come from, which has this name.
        case bridge(String)
        /// By the interface that they come from, whose name begins like this.
        case interfacePrefix(String)
    }
}
