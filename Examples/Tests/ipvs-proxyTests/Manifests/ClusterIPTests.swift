import IPVS
import Testing

@testable import ipvs_proxy

/// Cluster IPs that contradict each other or other fields.
@Suite struct ManifestClusterIPs {
    private func errors(_ spec: String) -> [String] {
        let reader = read(
            "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {\(spec), ports: [{port: 80}]}\n"
        )
        #expect(reader.manifests.services.isEmpty == !reader.errors.isEmpty)
        let start = "a.yaml:4: Service default/web: spec."
        return reader.errors.map {
            $0.description.hasPrefix(start) ? String($0.description.dropFirst(start.count)) : "?"
        }
    }

    @Test(
        arguments: [
            (
                "clusterIP: 10.96.10.1, clusterIPs: [10.96.10.99]",
                "clusterIPs[0]: 10.96.10.99 contradicts clusterIP, which is 10.96.10.1; both must be the same"
            ),
            (
                "clusterIP: 10.96.10.1, clusterIPs: ['fd00::1', 10.96.10.1]",
                "clusterIPs[0]: fd00::1 contradicts clusterIP, which is 10.96.10.1; both must be the same"
            ),
            (
                "clusterIP: None, clusterIPs: [10.96.10.99]",
                "clusterIPs[0]: 10.96.10.99 contradicts clusterIP, which is None; both must be the same"
            ),
            (
                "clusterIP: 10.96.10.1, clusterIPs: [None]",
                "clusterIPs[0]: None contradicts clusterIP, which is 10.96.10.1; both must be the same"
            ),
            (
                "clusterIPs: [10.96.10.1, None]",
                "clusterIPs[1]: must be alone: a service with addresses is not headless"
            ),
            ("type: NodePort, clusterIP: None", "clusterIP: must not be None for a service of type NodePort"),
            (
                "type: LoadBalancer, clusterIPs: [None]",
                "clusterIPs[0]: must not be None for a service of type LoadBalancer"
            ),
            (
                "type: ExternalName, clusterIP: 10.96.10.1",
                "clusterIP: must not be there: a service of type ExternalName has no cluster IP"
            ),
            (
                "type: ExternalName, clusterIPs: [10.96.10.1]",
                "clusterIPs[0]: must not be there: a service of type ExternalName has no cluster IP"
            ),
            (
                "clusterIP: 10.96.10.5, clusterIPs: [10.96.10.5, 10.96.10.6]",
                "clusterIPs[1]: 10.96.10.6 is a second IPv4 address: a service has at most one cluster IP of each address family"
            ),
            (
                "clusterIPs: ['fd00::1', 'fd00::1']",
                "clusterIPs[1]: fd00::1 is a second IPv6 address: a service has at most one cluster IP of each address family"
            ),
            (
                "clusterIPs: [10.96.10.5, 'fd00::1', 10.96.10.6]",
                "clusterIPs[2]: is one too many: a service has at most one cluster IP of each address family"
            ),
            (
                "clusterIP: 10.96.10.5, ipFamilies: [IPv6]",
                "ipFamilies[0]: IPv6 contradicts the cluster IP 10.96.10.5"
            ),
            (
                "clusterIPs: [10.96.10.5, 'fd00::1'], ipFamilies: [IPv6, IPv4]",
                "ipFamilies[0]: IPv6 contradicts the cluster IP 10.96.10.5"
            ),
            ("clusterIP: 10.96.10.5, ipFamilies: [IPv4, IPv4]", "ipFamilies[1]: IPv4 is there twice"),
            ("clusterIP: 10.96.10.5, ipFamilies: [ipv4]", "ipFamilies[0]: must be IPv4 or IPv6, not ipv4"),
            (
                "clusterIPs: [10.96.10.5, 'fd00::1'], ipFamilyPolicy: SingleStack",
                "ipFamilyPolicy: SingleStack contradicts the second cluster IP"
            ),
            (
                "clusterIP: 10.96.10.5, ipFamilies: [IPv4, IPv6], ipFamilyPolicy: SingleStack",
                "ipFamilyPolicy: SingleStack contradicts the second of ipFamilies"
            ),
            (
                "clusterIP: 10.96.10.5, ipFamilyPolicy: singleStack",
                "ipFamilyPolicy: must be SingleStack, PreferDualStack or RequireDualStack, not singleStack"
            ),
            // The address that is wrong, and no contradiction that follows from it.
            ("clusterIP: here, clusterIPs: [10.96.10.5]", "clusterIP: \"here\" is not an IP address"),
            ("clusterIP: 10.96.10.5, clusterIPs: [here]", "clusterIPs[0]: \"here\" is not an IP address"),
            ("clusterIP: here, clusterIPs: [here]", "clusterIPs[0]: \"here\" is not an IP address"),
        ]
    )
    func contradictions(spec: String, message: String) { #expect(errors(spec) == [message]) }

    @Test(
        arguments: [
            "clusterIP: 10.96.10.5, clusterIPs: []", "clusterIP: 10.96.10.5, clusterIPs: null",
            "clusterIP: 10.96.10.5, clusterIPs: [10.96.010.05]", "clusterIP: '', clusterIPs: [10.96.10.5]",
            "clusterIP: 'fd00::1', clusterIPs: ['fd00:0::1', 10.96.10.5], ipFamilies: [IPv6, IPv4]",
            "clusterIP: 10.96.10.5, ipFamilies: [IPv4, IPv6], ipFamilyPolicy: PreferDualStack",
            "clusterIPs: [10.96.10.5, 'fd00::1'], ipFamilies: [IPv4], ipFamilyPolicy: RequireDualStack",
            "clusterIP: '::ffff:10.96.10.5', clusterIPs: [10.96.10.5]",
            "clusterIP: 10.96.10.5, clusterIPs: ['::ffff:10.96.10.5']",
            "clusterIP: 10.96.10.5, ipFamilies: null, ipFamilyPolicy: SingleStack",
        ]
    )
    func agreements(spec: String) { #expect(errors(spec).isEmpty) }

    /// An API server would assign the second cluster IP.
    @Test(
        arguments: [
            (
                "clusterIP: 10.96.10.5, ipFamilies: [IPv4, IPv6]",
                "ipFamilies[1]: the service has no IPv6 cluster IP, and is served in IPv4 alone"
            ),
            (
                "clusterIP: 10.96.10.5, ipFamilyPolicy: RequireDualStack",
                "ipFamilyPolicy: the service has no IPv6 cluster IP, and is served in IPv4 alone"
            ),
            (
                "clusterIP: 'fd00::5', ipFamilyPolicy: RequireDualStack",
                "ipFamilyPolicy: the service has no IPv4 cluster IP, and is served in IPv6 alone"
            ),
        ]
    )
    func aSecondOneIsMissing(spec: String, warning: String) {
        let reader = read(
            "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {\(spec), ports: [{port: 80}]}\n"
        )
        #expect(reader.errors.isEmpty && reader.manifests.services.count == 1)
        #expect(reader.notes.map(\.description) == ["a.yaml:4: Service default/web: spec.\(warning)"])
        #expect(reader.notes.map(\.isWarning) == [true])
    }

    @Test(
        arguments: [
            "clusterIP: None, clusterIPs: [None]", "clusterIP: None, ipFamilies: [IPv6]",
            "type: ExternalName, clusterIP: ''", "type: ExternalName, clusterIP: None, clusterIPs: ['']",
        ]
    )
    func withoutClusterIPs(spec: String) {
        let reader = read("apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {\(spec)}\n")
        #expect(reader.errors.isEmpty && reader.manifests.services.isEmpty)
    }
}
