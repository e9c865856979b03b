import IPVS

/// Who must reach what, from where, and with which source.
enum RowTable {
    /// Connections to all services of the lab. Each group has services of its own, so that groups can be tried at the same time.
    static let groups: [[Row]] = [clusterIPs, clusterPolicy, localPolicy, localPolicyElsewhere, ranges, idle, others]

    private static let both = Row.Expectation.answered(by: [.pod1, .pod3], .node)
    private static let bothSeeClient = Row.Expectation.answered(by: [.pod1, .pod3], .own)

    private static let clusterIPs: [Row] = {
        let (web, own, host) = (LabService.web.clusterIP, LabService.own.clusterIP, LabService.host.clusterIP)
        let nodeAnswers = Row.Expectation.answered(by: [.node], .any)
        return [
            Row("cluster IP", .pod2, web, bothSeeClient, .right),
            Row("cluster IP, endpoint is the client", .pod1, own, .answered(by: [.pod1], .node)),
            Row("cluster IP", .node, web, both),
            Row("cluster IP", .stranger, web, both),
            Row("cluster IP, endpoint is the node", .pod1, host, .answered(by: [.node], .own), .right),
            Row("cluster IP, endpoint is the node", .node, host, nodeAnswers, .either),
            Row("cluster IP, endpoint is the node", .stranger, host, nodeAnswers, .right),
        ]
    }()

    private static let clusterPolicy = [Place.pod1, .pod2, .node, .stranger].flatMap { rows(of: .open, from: $0, both) }

    private static let localPolicy =
        rows(of: .local, "local policy", from: .stranger, .answered(by: [.pod1], .own), .right)
        + rows(of: .local, "local policy", from: .pod2, bothSeeClient)
        + rows(of: .local, "local policy", from: .node, both)

    private static let localPolicyElsewhere: [Row] = {
        let policy = "local policy, no local pod"
        return rows(of: .away, policy, from: .stranger, .dropped)
            + rows(of: .away, policy, from: .pod1, .answered(by: [.pod3], .own))
            + rows(of: .away, policy, from: .node, .answered(by: [.pod3], .node))
    }()

    /// Rows for all addresses of a service but the cluster IP.
    private static func rows(
        of service: LabService,
        _ policy: String = "",
        from: Place,
        _ expected: Row.Expectation,
        _ withoutRules: Row.WithoutRules = .wrong
    ) -> [Row] {
        let suffix = policy.isEmpty ? "" : ", \(policy)"
        return [
            Row("node port" + suffix, from, Backend.node.address, port: service.nodePort, expected, withoutRules),
            Row("external IP" + suffix, from, service.externalIP, expected, withoutRules),
            Row("balancer's IP" + suffix, from, service.loadBalancerIP, expected, withoutRules),
        ]
    }

    private static let ranges: [Row] = {
        let what = "source ranges"
        let (ranged, local) = (LabService.ranged.loadBalancerIP, LabService.rangedLocal.loadBalancerIP)
        let withNode = LabService.rangedNode.loadBalancerIP
        return [
            Row(what, .stranger, ranged, both),
            Row(what, .unwelcome, ranged, .dropped),
            Row(what, .pod1, ranged, .dropped),
            // Without rules, the endpoints' answers go to the wrong place.
            Row(what, .node, ranged, .dropped, .either),
            Row("\(what), external IP", .unwelcome, LabService.ranged.externalIP, both),
            Row("\(what), local policy", .stranger, local, .answered(by: [.pod1], .own), .right),
            Row("\(what), local policy", .unwelcome, local, .dropped),
            Row("\(what) with the node's address", .node, withNode, both),
            Row("\(what) with the node's address", .stranger, withNode, .dropped),
        ]
    }()

    /// IPVS alone refuses connections to services without endpoints, but not all at once.
    private static let idle = [Place.pod1, .node, .stranger].flatMap { from in
        [
            Row("no endpoints, cluster IP", from, LabService.idle.clusterIP, .refused, .either),
            Row("no endpoints, balancer's IP", from, LabService.idle.loadBalancerIP, .refused, .either),
            Row(
                "no endpoints, node port",
                from,
                Backend.node.address,
                port: LabService.idle.nodePort,
                .refused,
                .either
            ),
        ]
    }

    private static let others: [Row] = {
        let (cluster, balancer) = (LabService.web.clusterIP, LabService.local.loadBalancerIP)
        let (own, health) = (Backend.ownPort, LabService.healthCheckPort)
        let nobodys = AddressPair("203.0.113.250", "2001:db8:203::250")
        let nodeAnswers = Row.Expectation.answered(by: [.node], .own)
        return [Place.pod1, .node, .stranger].flatMap { from in
            [
                Row("cluster IP, no such port", from, cluster, port: own, .refused),
                Row("balancer's IP, no such port", from, balancer, port: own, .refused),
            ]
        } + [
            Row("node's own port", .pod1, Backend.node.address, port: own, nodeAnswers, .right),
            Row("node's own port", .stranger, Backend.node.address, port: own, nodeAnswers, .right),
            Row("address of no service", .pod1, nobodys, .unanswered, .right),
            Row("address of no service", .node, nobodys, .unanswered, .right),
            Row("health check", .stranger, Backend.node.address, port: health, nodeAnswers, .right),
            Row("health check, balancer's IP", .stranger, balancer, port: health, nodeAnswers, .right),
        ]
    }()
}
