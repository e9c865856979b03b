import IPVS
import IPVSProxyTestSamples
import Testing

@testable import IPVSProxy

@Suite("Updates of the desired state")
struct UpdateTests {
    private let pods = [ServiceEndpoint("10.244.1.1:8080"), ServiceEndpoint("10.244.1.2:8080")]

    private func service(_ name: String, _ ports: [String: ServicePort]) -> ServiceDefinition {
        ServiceDefinition(NamespacedName("default", name), ports: ports)
    }

    private func slice(_ name: String, of service: String, _ endpoints: [ServiceEndpoint]) -> EndpointSlice {
        EndpointSlice(
            NamespacedName("default", name),
            of: NamespacedName("default", service),
            endpoints: ["": endpoints]
        )
    }

    private func port(_ clusterIP: String, _ transport: TransportProtocol = .tcp) -> ServicePort {
        ServicePort(transport, 80, clusterIPs: [address(clusterIP)])
    }

    @Test("A change of one service updates only that service")
    func oneOfMany() {
        var state = DesiredState()
        for number in UInt8(1)...50 {
            state.update(service("s\(number)", ["": port("10.96.0.\(number)")]))
            state.update(slice("s\(number)", of: "s\(number)", pods))
        }
        var before = state.table
        let first = state.commit()
        #expect(first.virtualServers.count == 50)
        #expect(first.addressesToBind.count == 50)
        #expect(Table.Plan(from: before, to: state.table).changes.count == 150)

        before = state.table
        state.update(slice("s7", of: "s7", [pods[0]]))
        var update = state.commit()
        #expect(update.virtualServers == [id("TCP 10.96.0.7:80")])
        #expect(update.virtualServers.map { state.servicePort(of: $0)?.description } == ["default/s7"])
        #expect(update.addressesToBind.isEmpty && update.addressesToUnbind.isEmpty)
        #expect(
            Table.Plan(from: before, to: state.table).description == """
                  TCP 10.96.0.7:80
                -   10.244.1.2:8080 masquerade weight 1
                """
        )
        #expect(state.table.count == 50)
        update = state.commit()
        #expect(update == DesiredState.Update())
    }

    @Test("A change without an effect on the table is not a change")
    func noDifference() {
        var state = DesiredState(port("10.96.0.1"), pods)
        let name = NamespacedName("default", "web-1")
        // In another order, and with an endpoint that is not ready.
        let endpoints = [pods[1], pods[0], ServiceEndpoint("10.244.1.3:8080", isReady: false)]
        let isChanged = state.update(EndpointSlice(name, of: web, endpoints: ["http": endpoints]))
        #expect(isChanged)
        // A port, and a service, that don't exist.
        state.update(slice("other", of: "web", pods))
        state.update(slice("others", of: "others", pods))
        let update = state.commit()
        #expect(update.isEmpty)
        // Endpoints can be known before their service.
        state.update(service("others", ["": port("10.96.0.2")]))
        _ = state.commit()
        #expect(state.realServers(of: "TCP 10.96.0.2:80")?.count == 2)
    }

    @Test("An address that several ports use is bound with the first and unbound with the last")
    func sharedAddress() {
        var state = DesiredState()
        var secure = port("10.96.0.1")
        secure.port = 443
        state.update(service("web", ["a": port("10.96.0.1"), "b": secure]))
        var update = state.commit()
        #expect(update.addressesToBind == [address("10.96.0.1")])
        state.update(service("web", ["b": secure]))
        update = state.commit()
        #expect(update.virtualServers == [id("TCP 10.96.0.1:80")])
        #expect(update.addressesToUnbind.isEmpty)
        state.update(service("web", [:]))
        update = state.commit()
        #expect(update.virtualServers == [id("TCP 10.96.0.1:443")])
        #expect(update.addressesToUnbind == [address("10.96.0.1")])
        #expect(state.addresses.isEmpty && state.table.isEmpty)
    }

    @Test("An address that moves from one service to another stays bound, and its virtual server is updated")
    func replacedService() {
        var state = DesiredState()
        state.update(service("old", ["": port("10.96.0.1")]))
        state.update(slice("old", of: "old", [pods[0]]))
        _ = state.commit()
        state.deleteService(NamespacedName("default", "old"))
        state.deleteSlice(NamespacedName("default", "old"))
        state.update(service("new", ["": port("10.96.0.1")]))
        state.update(slice("new", of: "new", [pods[1]]))
        let before = state.table
        let update = state.commit()
        #expect(update.addressesToBind.isEmpty && update.addressesToUnbind.isEmpty)
        #expect(update.virtualServers.map { state.servicePort(of: $0)?.description } == ["default/new"])
        #expect(
            Table.Plan(from: before, to: state.table).description == """
                  TCP 10.96.0.1:80
                +   10.244.1.2:8080 masquerade weight 1
                -   10.244.1.1:8080 masquerade weight 1
                """
        )
    }

    @Test("A slice that moves to another service takes its endpoints along")
    func movedSlice() {
        var state = DesiredState()
        state.update(service("a", ["": port("10.96.0.1")]))
        state.update(service("b", ["": port("10.96.0.2")]))
        state.update(slice("slice", of: "a", pods))
        _ = state.commit()
        state.update(slice("slice", of: "b", pods))
        let update = state.commit()
        #expect(update.virtualServers.count == 2)
        #expect(state.realServers(of: "TCP 10.96.0.1:80") == [])
        #expect(state.realServers(of: "TCP 10.96.0.2:80")?.count == 2)
    }

    @Test("If two ports want the same, the first by name gets it, and then the other one")
    func conflict() {
        var state = DesiredState()
        state.update(service("b", ["": port("10.96.0.1")]))
        state.update(slice("b", of: "b", [pods[1]]))
        var update = state.commit()
        #expect(update.rejections.isEmpty)
        #expect(state.realServers(of: "TCP 10.96.0.1:80") == ["10.244.1.2:8080"])

        state.update(service("a", ["": port("10.96.0.1")]))
        state.update(slice("a", of: "a", [pods[0]]))
        update = state.commit()
        #expect(update.rejections.map(\.description) == ["default/b can't have TCP 10.96.0.1:80, which default/a has"])
        #expect(update.addressesToBind.isEmpty && update.addressesToUnbind.isEmpty)
        #expect(state.realServers(of: "TCP 10.96.0.1:80") == ["10.244.1.1:8080"])
        #expect(state.entries(of: ServicePortName(NamespacedName("default", "b"))).isEmpty)
        #expect(state.rejections == update.rejections)

        // What was already reported is not reported again.
        state.update(slice("b", of: "b", pods))
        update = state.commit()
        #expect(update == DesiredState.Update())

        state.deleteService(NamespacedName("default", "a"))
        update = state.commit()
        #expect(update.virtualServers.map { state.servicePort(of: $0)?.description } == ["default/b"])
        #expect(update.addressesToBind.isEmpty && update.addressesToUnbind.isEmpty)
        #expect(state.realServers(of: "TCP 10.96.0.1:80")?.count == 2)
        #expect(state.rejections.isEmpty)
    }

    @Test("An external IP never gets another service's cluster IP, whatever their names")
    func hijacking() {
        var state = DesiredState()
        state.update(service("dns", ["": port("10.96.0.10")]))
        state.update(
            service("aaa", ["": ServicePort(.tcp, 80, externalIPs: [address("10.96.0.10"), address("192.0.2.1")])])
        )
        let update = state.commit()
        #expect(state.servicePort(of: id("TCP 10.96.0.10:80"))?.description == "default/dns")
        #expect(state.servicePort(of: id("TCP 192.0.2.1:80"))?.description == "default/aaa")
        #expect(
            update.rejections.map(\.description) == ["default/aaa can't have TCP 10.96.0.10:80, which default/dns has"]
        )
    }

    @Test("An excluded address that a service port wants in another role is not reported again")
    func excludedOnce() {
        let node = NodeFacts(excludedBlocks: [block("192.0.2.0/24")])
        var state = DesiredState(ServicePort(.tcp, 80, externalIPs: [address("192.0.2.1")]), node: node)
        #expect(state.rejections.count == 1)
        let port = ServicePort(.tcp, 80, loadBalancerIPs: [address("192.0.2.1")])
        state.update(ServiceDefinition(web, ports: ["http": port]))
        let update = state.commit()
        #expect(update.rejections.isEmpty)
        #expect(state.rejections.count == 1)
    }

    @Test("A change of the node takes effect everywhere with the next update")
    func node() {
        var port = port("10.96.0.1")
        port.nodePort = 30_080
        port.externalIPs = [address("192.0.2.1")]
        var state = DesiredState(port, pods, node: NodeFacts(addresses: [address("10.0.0.5")]))
        state.node.addresses = [address("10.0.0.6"), address("192.0.2.1")]
        #expect(state.table[id("TCP 10.0.0.5:30080")] != nil)
        let before = state.table
        var update = state.commit()
        #expect(
            update.virtualServers.map { "\($0) \(before[$0] != nil) \(state.table[$0] != nil)" } == [
                "TCP 10.0.0.5:30080 true false", "TCP 10.0.0.6:30080 false true", "TCP 192.0.2.1:30080 false true",
            ]
        )
        // It has become one of the node's own.
        #expect(update.addressesToUnbind == [address("192.0.2.1")])
        state.node.scheduler = .leastConnection
        update = state.commit()
        #expect(update.virtualServers.count == 4)
        state.node.excludedBlocks = [block("10.96.0.0/16")]
        update = state.commit()
        #expect(update.virtualServers.map { state.table[$0] } == [nil])
        #expect(update.addressesToUnbind == [address("10.96.0.1")])
        #expect(update.rejections.count == 1)
        update = state.commit()
        #expect(update == DesiredState.Update())
    }
}
