import IPVS
import IPVSProxy
import IPVSProxyTestSamples
import Testing

@Suite("The virtual servers of a service port")
struct RuleTests {
    private let pods = [ServiceEndpoint("10.244.1.1:8080"), ServiceEndpoint("10.244.1.2:8080")]

    @Test("Cluster IPs, load-balancer IPs and external IPs are virtual servers with bound addresses")
    func addresses() {
        let state = DesiredState(
            ServicePort(
                .tcp,
                80,
                clusterIPs: [address("10.96.0.1")],
                externalIPs: [address("192.0.2.1"), address("192.0.2.2")],
                loadBalancerIPs: [address("198.51.100.1")]
            ),
            pods
        )
        #expect(
            state.table.description == """
                TCP 10.96.0.1:80 rr
                  10.244.1.1:8080 masquerade weight 1
                  10.244.1.2:8080 masquerade weight 1
                TCP 192.0.2.1:80 rr
                  10.244.1.1:8080 masquerade weight 1
                  10.244.1.2:8080 masquerade weight 1
                TCP 192.0.2.2:80 rr
                  10.244.1.1:8080 masquerade weight 1
                  10.244.1.2:8080 masquerade weight 1
                TCP 198.51.100.1:80 rr
                  10.244.1.1:8080 masquerade weight 1
                  10.244.1.2:8080 masquerade weight 1
                """
        )
        #expect(state.addresses.map(\.description) == ["10.96.0.1", "192.0.2.1", "192.0.2.2", "198.51.100.1"])
        #expect(state.entries(of: webHTTP) == state.table.sortedEntries())
        #expect(state.servicePort(of: id("TCP 192.0.2.1:80")) == webHTTP)
        #expect(state.servicePortCount == 1)
    }

    @Test("Node ports are on the node's addresses, which are not bound")
    func nodePorts() {
        var node = NodeFacts(addresses: [address("203.0.113.5"), address("10.0.0.5"), address("2001:db8::5")])
        let port = ServicePort(.udp, 53, clusterIPs: [address("10.96.0.10")], nodePort: 30_053)
        let pod = [ServiceEndpoint("10.244.1.1:5353")]
        var state = DesiredState(port, pod, node: node)
        #expect(
            state.table.sortedEntries().map(\.server.id.description) == [
                "UDP 10.0.0.5:30053", "UDP 10.96.0.10:53", "UDP 203.0.113.5:30053",
            ]
        )
        #expect(state.addresses == [address("10.96.0.10")])
        #expect(state.realServers(of: "UDP 10.0.0.5:30053") == ["10.244.1.1:5353"])

        node.nodePortBlocks = [block("10.0.0.0/8"), block("2001:db8::/32")]
        state = DesiredState(port, pod, node: node)
        #expect(state.table.count == 2)
        #expect(state.table[id("UDP 203.0.113.5:30053")] == nil)
    }

    @Test("An external IP that is one of the node's addresses is served but not bound")
    func ownAddress() {
        let state = DesiredState(
            ServicePort(.tcp, 80, externalIPs: [address("203.0.113.5"), address("203.0.113.6")]),
            pods,
            node: NodeFacts(addresses: [address("203.0.113.5")])
        )
        #expect(state.table.count == 2)
        #expect(state.addresses == [address("203.0.113.6")])
        #expect(state.binds(address("203.0.113.6")))
        #expect(!state.binds(address("203.0.113.5")))
    }

    @Test("Each family has its own endpoints")
    func dualStack() {
        let node = NodeFacts(addresses: [address("10.0.0.5"), address("2001:db8::5")])
        let clusterIPs = [address("10.96.0.1"), address("fd00::1")]
        let endpoints = [ServiceEndpoint("10.244.1.1:8080"), ServiceEndpoint("[fd01::1]:8080")]
        var state = DesiredState(
            ServicePort(.tcp, 80, clusterIPs: clusterIPs, nodePort: 30_080, externalIPs: [address("2001:db8::80")]),
            endpoints,
            node: node
        )
        #expect(state.table.count == 5)
        for text in ["TCP 10.96.0.1:80", "TCP 10.0.0.5:30080"] {
            #expect(state.realServers(of: text) == ["10.244.1.1:8080"])
        }
        for text in ["TCP [fd00::1]:80", "TCP [2001:db8::5]:30080", "TCP [2001:db8::80]:80"] {
            #expect(state.realServers(of: text) == ["[fd01::1]:8080"])
        }
        // A service of IPv6 alone has no node port on IPv4 addresses; one without cluster IPs has them on all.
        state = DesiredState(
            ServicePort(.tcp, 80, clusterIPs: [address("fd00::1")], nodePort: 30_080),
            endpoints,
            node: node
        )
        #expect(state.table.sortedEntries().map(\.server.id.family) == [.ipv6, .ipv6])
        state = DesiredState(ServicePort(.tcp, 80, nodePort: 30_080), endpoints, node: node)
        #expect(state.table.count == 2)
    }

    @Test("Session affinity is persistence, for three hours by default")
    func affinity() {
        var port = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")])
        #expect(DesiredState(port).table.sortedEntries()[0].server.persistence == nil)
        port.sessionAffinity = .clientIP
        #expect(DesiredState(port).table.sortedEntries()[0].server.persistence == Persistence(timeout: 10_800))
        port.sessionAffinity = .clientIP(timeout: 60)
        #expect(DesiredState(port).table.sortedEntries()[0].server.persistence == Persistence(timeout: 60))
    }

    @Test("The scheduler is that of the service port, or by default the node's")
    func scheduler() {
        var port = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")])
        let node = NodeFacts(scheduler: .leastConnection)
        #expect(DesiredState(port).table.sortedEntries()[0].server.scheduler == .roundRobin)
        #expect(DesiredState(port, node: node).table.sortedEntries()[0].server.scheduler == .leastConnection)
        port.scheduler = .maglevHashing
        let server = DesiredState(port, node: node).table.sortedEntries()[0].server
        #expect(server.scheduler == .maglevHashing)
        #expect(server.flags == .mhPort)
    }

    @Test("Ready endpoints serve; without any, serving ones that are terminating; without those, none")
    func states() {
        let ready = ServiceEndpoint("10.244.1.1:80")
        let leaving = ServiceEndpoint("10.244.1.2:80", isReady: false, isServing: true, isTerminating: true)
        let starting = ServiceEndpoint("10.244.1.3:80", isReady: false)
        // It is serving, but neither ready nor terminating: it was taken out of service intentionally.
        let held = ServiceEndpoint("10.244.1.4:80", isReady: false, isServing: true)
        let dead = ServiceEndpoint("10.244.1.5:80", isReady: false, isTerminating: true)
        let port = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")])
        func servers(_ endpoints: [ServiceEndpoint]) -> [String]? {
            DesiredState(port, endpoints).realServers(of: "TCP 10.96.0.1:80")
        }
        #expect(servers([leaving, starting, ready, held, dead]) == ["10.244.1.1:80"])
        #expect(servers([leaving, starting, held, dead]) == ["10.244.1.2:80"])
        #expect(servers([starting, held, dead]) == [])
        #expect(servers([]) == [])
    }

    @Test("A local policy selects this node's endpoints, for the clients that it applies to")
    func policies() {
        let here = ServiceEndpoint("10.244.1.1:80", isLocal: true)
        let there = ServiceEndpoint("10.244.2.1:80")
        let leavingHere = ServiceEndpoint(
            "10.244.1.2:80",
            isLocal: true,
            isReady: false,
            isServing: true,
            isTerminating: true
        )
        var port = ServicePort(
            .tcp,
            80,
            clusterIPs: [address("10.96.0.1")],
            nodePort: 30_080,
            externalIPs: [address("192.0.2.1")],
            loadBalancerIPs: [address("198.51.100.1")],
            externalTrafficPolicy: .local
        )
        let node = NodeFacts(addresses: [address("10.0.0.5")])
        let outside = ["TCP 10.0.0.5:30080", "TCP 192.0.2.1:80", "TCP 198.51.100.1:80"]
        var state = DesiredState(port, [here, there, leavingHere], node: node)
        #expect(state.realServers(of: "TCP 10.96.0.1:80") == ["10.244.1.1:80", "10.244.2.1:80"])
        for text in outside { #expect(state.realServers(of: text) == ["10.244.1.1:80"]) }
        #expect(state.servicePortsWithoutLocalEndpoints(for: .external).isEmpty)

        // If no local endpoint is ready, a terminating local one is used, though others are ready elsewhere.
        state = DesiredState(port, [there, leavingHere], node: node)
        #expect(state.realServers(of: "TCP 10.96.0.1:80") == ["10.244.2.1:80"])
        for text in outside { #expect(state.realServers(of: text) == ["10.244.1.2:80"]) }

        state = DesiredState(port, [there], node: node)
        for text in outside { #expect(state.realServers(of: text) == []) }
        #expect(state.servicePortsWithoutLocalEndpoints(for: .external) == [webHTTP])
        #expect(state.servicePortsWithoutLocalEndpoints(for: .internal).isEmpty)
        #expect(DesiredState(port, [], node: node).servicePortsWithoutLocalEndpoints(for: .external).isEmpty)

        port.internalTrafficPolicy = .local
        port.externalTrafficPolicy = .cluster
        state = DesiredState(port, [there], node: node)
        #expect(state.realServers(of: "TCP 10.96.0.1:80") == [])
        for text in outside { #expect(state.realServers(of: text) == ["10.244.2.1:80"]) }
        #expect(state.servicePortsWithoutLocalEndpoints(for: .internal) == [webHTTP])
        #expect(state.servicePortsWithoutLocalEndpoints(for: .external).isEmpty)
    }

    @Test("A local policy is ignored where there are no clients")
    func policyWithoutClients() {
        let state = DesiredState(
            ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")], externalTrafficPolicy: .local),
            pods
        )
        #expect(state.servicePortsWithoutLocalEndpoints(for: .external).isEmpty)
    }

    @Test("An endpoint in several slices counts once, and is ready if any of them says so")
    func severalSlices() {
        var state = DesiredState(ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")]), pods)
        state.update(
            EndpointSlice(
                NamespacedName("default", "web-2"),
                of: web,
                endpoints: [
                    "http": [ServiceEndpoint("10.244.1.2:8080", isReady: false), ServiceEndpoint("10.244.1.3:8080")],
                    "other": [ServiceEndpoint("10.244.1.4:8080")],
                ]
            )
        )
        let before = state.table
        state.commit()
        #expect(state.realServers(of: "TCP 10.96.0.1:80") == ["10.244.1.1:8080", "10.244.1.2:8080", "10.244.1.3:8080"])
        #expect(
            Table.Plan(from: before, to: state.table).description == """
                  TCP 10.96.0.1:80
                +   10.244.1.3:8080 masquerade weight 1
                """
        )
    }

    @Test("Excluded addresses are neither served nor bound, and are reported")
    func excluded() {
        let node = NodeFacts(
            addresses: [address("10.0.0.5"), address("10.0.1.5")],
            excludedBlocks: [block("192.0.2.0/24"), block("10.0.1.0/24")]
        )
        let port = ServicePort(
            .tcp,
            80,
            clusterIPs: [address("10.96.0.1")],
            nodePort: 30_080,
            externalIPs: [address("192.0.2.1")]
        )
        var state = DesiredState(port, pods, node: node)
        #expect(state.table.sortedEntries().map(\.server.id.description) == ["TCP 10.0.0.5:30080", "TCP 10.96.0.1:80"])
        #expect(state.addresses == [address("10.96.0.1")])
        #expect(
            state.rejections.map(\.description) == [
                "default/web:http can't have TCP 10.0.1.5:30080, the address of which is excluded",
                "default/web:http can't have TCP 192.0.2.1:80, the address of which is excluded",
            ]
        )
        state.deleteService(web)
        _ = state.commit()
        #expect(state.rejections.isEmpty)
    }

    @Test("Addresses of a family without a cluster IP are neither served nor bound, and are reported")
    func foreignFamily() {
        let blocks = [block("2001:db8::10/128")]
        let port = ServicePort(
            .tcp,
            8080,
            clusterIPs: [address("10.96.10.1")],
            externalIPs: [address("2001:db8:5::9"), address("192.0.2.9")],
            loadBalancerIPs: [address("198.51.100.10"), address("2001:db8::10")]
        )
        var state = DesiredState(port, pods, node: NodeFacts(excludedBlocks: blocks))
        #expect(state.addresses.map(\.description) == ["10.96.10.1", "192.0.2.9", "198.51.100.10"])
        #expect(state.table.count == 3)
        let sentences = [
            "default/web:http can't have TCP [2001:db8::10]:8080: the service has no IPv6 cluster IP",
            "default/web:http can't have TCP [2001:db8:5::9]:8080: the service has no IPv6 cluster IP",
        ]
        #expect(state.rejections.map(\.description) == sentences)
        #expect(state.rejectionCount == 2)
        // With a cluster IP of the family, they can have endpoints.
        var both = port
        both.clusterIPs.append(address("fd00:96::1"))
        state.node.excludedBlocks = []
        state.update(ServiceDefinition(web, ports: ["http": both]))
        #expect(state.commit().addressesToBind.count == 3)
        #expect(state.rejections.isEmpty && state.rejectionCount == 0 && state.table.count == 6)
        // Back to one family: the addresses are released, and reported again.
        state.update(ServiceDefinition(web, ports: ["http": port]))
        let update = state.commit()
        #expect(update.addressesToUnbind.count == 3 && update.rejections.map(\.description) == sentences)
        // The other way round, and without cluster IPs.
        let six = ServicePort(.udp, 53, clusterIPs: [address("fd00:96::1")], externalIPs: [address("192.0.2.9")])
        let sentence = "default/web:http can't have UDP 192.0.2.9:53: the service has no IPv4 cluster IP"
        #expect(DesiredState(six).rejections.map(\.description) == [sentence])
        let unknown = ServicePort(.tcp, 80, externalIPs: [address("192.0.2.9"), address("2001:db8::9")])
        #expect(DesiredState(unknown).addresses.count == 2)
    }

    @Test("A service that can have no endpoint at an address doesn't take it from one that can")
    func foreignFamilyIsNoClaim() {
        var state = DesiredState(
            ServicePort(.tcp, 80, clusterIPs: [address("fd00::1")], externalIPs: [address("fd00::9")])
        )
        let first = NamespacedName("default", "a")
        var port = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")], externalIPs: [address("fd00::9")])
        port.loadBalancerIPs = [address("fd00::9")]
        state.update(ServiceDefinition(first, ports: ["": port]))
        #expect(state.commit().rejections.map(\.reason) == [.noClusterIP(.ipv6)])
        #expect(state.servicePort(of: id("TCP [fd00::9]:80")) == webHTTP)
        #expect(state.rejections.count == 1 && state.rejectionCount == 1)
    }

    @Test("An address with two roles has the policy of the stronger one")
    func twoRoles() {
        let state = DesiredState(
            ServicePort(
                .tcp,
                80,
                clusterIPs: [address("10.96.0.1")],
                externalIPs: [address("10.96.0.1")],
                externalTrafficPolicy: .local
            ),
            pods
        )
        #expect(state.realServers(of: "TCP 10.96.0.1:80")?.count == 2)
        #expect(state.table.count == 1)
        #expect(state.rejections.isEmpty)
    }
}
