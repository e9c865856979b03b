import Foundation
import IPVS
import IPVSTestKernel

/// A small cluster of network namespaces, for IPv4 and IPv6:
///
///     stranger ── node ── other node
///                 │  │         │
///              pod1  pod2    pod3
///
/// The other node has no route to the stranger. So what pod 3 answers arrives only if it was asked by an address of the
/// node. Pods answer at some ports, and the node at some of its own, at all addresses.
final class PacketLab: Sendable {
    let stranger: TestNamespace
    let node: TestNamespace
    let pod1: TestNamespace
    let pod2: TestNamespace
    private let otherNode: TestNamespace
    private let pod3: TestNamespace

    let servers: Servers

    /// The protocols that the kernel has.
    let transports: [TransportProtocol]

    /// How the pods of the node are connected with it.
    enum Layout {
        /// Each by a wire of its own, with routes.
        case wires
        /// By a bridge, whose packets the packet filter sees.
        case bridge
    }

    /// The lab that the tests share.
    static let shared = Result { try PacketLab() }

    init(_ layout: Layout = .wires) throws {
        (stranger, node, otherNode) = (try TestNamespace(), try TestNamespace(), try TestNamespace())
        (pod1, pod2, pod3) = (try TestNamespace(), try TestNamespace(), try TestNamespace())
        let hasSCTP = Socket.isAvailable(.sctp)
        transports = hasSCTP ? [.tcp, .udp, .sctp] : [.tcp, .udp]
        servers = Servers()
        for namespace in [stranger, node, otherNode, pod1, pod2, pod3] {
            try namespace.write("0", to: "net/ipv6/conf/all/accept_dad", "net/ipv6/conf/default/accept_dad")
        }
        for namespace in [node, otherNode] {
            try namespace.write("1", to: "net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding")
        }
        // Otherwise the kernel tells a sender only now and then that its datagram is refused.
        try node.write("0", to: "net/ipv4/icmp_ratelimit", "net/ipv6/icmp/ratelimit")
        try connect(layout)
        try startServers()
    }

    private func connect(_ layout: Layout) throws {
        try node.ip(
            """
            link add eth0 type veth peer name eth0 netns \(stranger.path)
            link add eth1 type veth peer name eth0 netns \(otherNode.path)
            link add veth1 type veth peer name eth0 netns \(pod1.path)
            link add veth2 type veth peer name eth0 netns \(pod2.path)
            """
        )
        try otherNode.ip("link add veth3 type veth peer name eth0 netns \(pod3.path)")
        try stranger.ip(
            """
            link set eth0 up
            addr add 192.0.2.9/24 dev eth0
            addr add 192.0.2.66/24 dev eth0
            addr add 2001:db8:2::9/64 dev eth0 nodad
            addr add 2001:db8:2::66/64 dev eth0 nodad
            route add default via 192.0.2.1
            route add ::/0 via 2001:db8:2::1
            """
        )
        try node.ip(
            """
            link set eth0 up
            link set eth1 up
            addr add 192.0.2.1/24 dev eth0
            addr add 2001:db8:2::1/64 dev eth0 nodad
            addr add 192.168.0.1/24 dev eth1
            addr add fd00:168::1/64 dev eth1 nodad
            route add 10.244.2.0/24 via 192.168.0.2
            route add fd00:244:2::/64 via fd00:168::2
            """
        )
        try otherNode.ip(
            """
            link set eth0 up
            link set veth3 up
            addr add 192.168.0.2/24 dev eth0
            addr add fd00:168::2/64 dev eth0 nodad
            addr add 10.244.2.1/24 dev veth3
            addr add fd00:244:2::1/64 dev veth3 nodad
            route add 10.244.1.0/24 via 192.168.0.1
            route add fd00:244:1::/64 via fd00:168::1
            """
        )
        try pod3.ip(
            """
            link set eth0 up
            addr add 10.244.2.2/24 dev eth0
            addr add fd00:244:2::2/64 dev eth0 nodad
            route add default via 10.244.2.1
            route add ::/0 via fd00:244:2::1
            """
        )
        switch layout {
        case .wires: try connectPodsWithWires()
        case .bridge: try connectPodsWithBridge()
        }
    }

    private func connectPodsWithWires() throws {
        for (number, pod) in [(1, pod1), (2, pod2)] {
            try node.ip(
                """
                link set veth\(number) up
                addr add 10.244.1.1/32 dev veth\(number)
                addr add fd00:244:1::1/128 dev veth\(number) nodad
                route add 10.244.1.\(number + 1)/32 dev veth\(number)
                route add fd00:244:1::\(number + 1)/128 dev veth\(number)
                """
            )
            try pod.ip(
                """
                link set eth0 up
                addr add 10.244.1.\(number + 1)/32 dev eth0
                addr add fd00:244:1::\(number + 1)/128 dev eth0 nodad
                route add 10.244.1.1 dev eth0
                route add fd00:244:1::1 dev eth0
                route add default via 10.244.1.1
                route add ::/0 via fd00:244:1::1
                """
            )
        }
    }

    private func connectPodsWithBridge() throws {
        try node.ip(
            """
            link add cni0 type bridge
            link set cni0 up
            addr add 10.244.1.1/24 dev cni0
            addr add fd00:244:1::1/64 dev cni0 nodad
            """
        )
        // The answers of pods on a bridge have to be seen by the packet filter.
        try node.run("modprobe", "br_netfilter")
        try node.write("1", to: "net/bridge/bridge-nf-call-iptables", "net/bridge/bridge-nf-call-ip6tables")
        for (number, pod) in [(1, pod1), (2, pod2)] {
            try node.ip("link set veth\(number) master cni0\nlink set veth\(number) up")
            // A pod's packets may come back to it.
            try node.run("bridge", "link", "set", "dev", "veth\(number)", "hairpin", "on")
            try pod.ip(
                """
                link set eth0 up
                addr add 10.244.1.\(number + 1)/24 dev eth0
                addr add fd00:244:1::\(number + 1)/64 dev eth0 nodad
                route add default via 10.244.1.1
                route add ::/0 via fd00:244:1::1
                """
            )
        }
    }

    private func startServers() throws {
        for transport in transports {
            for family in [IPAddress.Family.ipv4, .ipv6] {
                for name in Backend.pods { try listen(name, transport, family, port: Backend.port) }
                for port in [Backend.port, Backend.ownPort, LabService.healthCheckPort] {
                    try listen(.node, transport, family, port: port)
                }
            }
        }
    }

    /// Lets somebody answer at a port, by the lab's servers or others.
    func listen(
        _ name: Backend,
        _ transport: TransportProtocol,
        _ family: IPAddress.Family,
        port: UInt16,
        _ servers: Servers? = nil
    ) throws {
        let namespace =
            switch name {
            case .pod1: pod1
            case .pod2: pod2
            case .pod3: pod3
            case .node: node
            }
        // SCTP tells its peer all addresses that a socket has, and that of a client behind NAT can use only one.
        let address: IPAddress? = name == .node && transport != .sctp ? nil : name.address[family]
        try (servers ?? self.servers).listen(
            in: namespace,
            as: name.rawValue,
            transport,
            family,
            at: address,
            port: port
        )
    }
}

/// Who answers.
enum Backend: String, CaseIterable {
    case pod1, pod2, pod3, node

    static let pods: [Backend] = [.pod1, .pod2, .pod3]

    /// The port at which all of them answer.
    static let port: UInt16 = 8_080

    /// A port of the node at which no service is.
    static let ownPort: UInt16 = 9_999

    var address: AddressPair {
        switch self {
        case .pod1: AddressPair("10.244.1.2", "fd00:244:1::2")
        case .pod2: AddressPair("10.244.1.3", "fd00:244:1::3")
        case .pod3: AddressPair("10.244.2.2", "fd00:244:2::2")
        case .node: AddressPair("192.0.2.1", "2001:db8:2::1")
        }
    }

    /// Whether it is on the node.
    var isLocal: Bool { self != .pod3 }
}

/// An address of each family.
struct AddressPair: Hashable {
    let ipv4: IPAddress
    let ipv6: IPAddress

    init(_ ipv4: String, _ ipv6: String) {
        guard let ipv4 = IPAddress(ipv4), let ipv6 = IPAddress(ipv6) else { preconditionFailure("\(ipv4), \(ipv6)") }
        (self.ipv4, self.ipv6) = (ipv4, ipv6)
    }

    subscript(family: IPAddress.Family) -> IPAddress { family == .ipv4 ? ipv4 : ipv6 }

    var both: [IPAddress] { [ipv4, ipv6] }
}

extension TestNamespace {
    /// Runs commands of `ip`, one per line.
    func ip(_ commands: String) throws {
        let file = "/tmp/swift-ipvs-ip-\(UUID().uuidString)"
        defer { unlink(file) }
        try commands.write(toFile: file, atomically: false, encoding: .utf8)
        let result = try TestProcess.run(["nsenter", "--net=\(path)", "ip", "-batch", file])
        guard result.status == 0 else { throw TestFailure("\(commands): \(result.stderr)") }
    }

    /// Writes kernel settings, which are given as paths.
    func write(_ value: String, to settings: String...) throws {
        let place = descriptor
        try onThread {
            guard enterNamespace(place) == 0 else { throw TestFailure("setns") }
            for setting in settings {
                let file = fopen("/proc/sys/\(setting)", "w")
                guard let file, fputs(value, file) >= 0, fclose(file) == 0 else {
                    throw TestFailure("\(setting): \(errno)")
                }
            }
        }
    }
}
