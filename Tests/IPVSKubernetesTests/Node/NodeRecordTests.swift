import IPVS
import IPVSKubernetes
import KubernetesAPI
import Testing

/// What a node's object says to the node's proxier.
struct NodeRecordTests {
    private func node(
        labels: [String: String] = [:],
        deletionTimestamp: String? = nil,
        spec: CoreV1.Node.Spec? = nil,
        addresses: [CoreV1.Node.Address] = []
    ) -> CoreV1.Node {
        CoreV1.Node(
            metadata: ObjectMeta(name: "node-1", labels: labels, deletionTimestamp: deletionTimestamp),
            spec: spec,
            status: CoreV1.Node.Status(addresses: addresses)
        )
    }

    @Test("Internal addresses come first, one of each family")
    func addresses() {
        let reading = NodeRecord.reading(
            node(addresses: [
                .init(type: "ExternalIP", address: "198.51.100.1"), .init(type: "ExternalIP", address: "2001:db8::1"),
                .init(type: "Hostname", address: "node-1"), .init(type: "InternalIP", address: "here"),
                .init(type: "InternalIP", address: "10.0.0.1"), .init(type: "InternalIP", address: "10.0.0.2"),
            ])
        )
        #expect(reading.value?.addresses.map(\.description) == ["10.0.0.1", "2001:db8::1"])
        #expect(
            reading.notes.map(\.description) == [
                "Node node-1: status.addresses[3].address: \"here\" is not an IP address; it is left out"
            ]
        )
    }

    @Test("An external address counts for a family that has no internal one, and the first address is internal")
    func families() {
        let reading = NodeRecord.reading(
            node(addresses: [
                .init(type: "ExternalIP", address: "198.51.100.1"), .init(type: "InternalIP", address: "fd00::1"),
                .init(type: "ExternalDNS", address: "192.0.2.1"), .init(type: "ExternalIP", address: "198.51.100.2"),
            ])
        )
        #expect(reading.value?.addresses.map(\.description) == ["fd00::1", "198.51.100.1"])
        #expect(reading.notes == [])
        let external = NodeRecord.reading(node(addresses: [.init(type: "ExternalIP", address: "198.51.100.1")]))
        #expect(external.value?.addresses.map(\.description) == ["198.51.100.1"])
        let none = NodeRecord.reading(CoreV1.Node(metadata: ObjectMeta(name: "node-1")))
        #expect(none.value?.addresses == [])
        #expect(none.notes == [])
    }

    @Test(
        "Addresses that no node can have are left out",
        arguments: [
            ("0.0.0.0", "the unspecified address"), ("::", "the unspecified address"),
            ("224.0.0.1", "a multicast address"), ("ff02::1", "a multicast address"),
            ("255.255.255.255", "the broadcast address"),
        ]
    )
    func impossibleAddresses(text: String, purpose: String) {
        let reading = NodeRecord.reading(
            node(addresses: [
                .init(type: "InternalIP", address: text), .init(type: "InternalIP", address: "10.0.0.1"),
                .init(type: "InternalIP", address: "fe80::1"),
            ])
        )
        #expect(reading.value?.addresses.map(\.description) == ["10.0.0.1", "fe80::1"])
        #expect(reading.notes.map(\.reason) == ["\(text) is \(purpose), which no node can have; it is left out"])
    }

    @Test("Addresses in forms of older servers")
    func olderForms() {
        let reading = NodeRecord.reading(
            node(
                spec: .init(podCIDRs: ["010.244.1.7/24", "10.244.1.0/24", "::ffff:10.245.0.0/112"]),
                addresses: [
                    .init(type: "InternalIP", address: "010.0.0.1"),
                    .init(type: "InternalIP", address: "::ffff:10.0.0.2"),
                    .init(type: "ExternalIP", address: "fd00::0000001"),
                ]
            )
        )
        #expect(reading.value?.addresses.map(\.description) == ["10.0.0.1", "fd00::1"])
        #expect(reading.value?.podRanges.map(\.description) == ["10.244.1.0/24", "10.245.0.0/16"])
        #expect(
            reading.notes.map(\.description) == [
                "Node node-1: status.addresses[1].address: ::ffff:10.0.0.2 is IPv4-mapped, and counts as 10.0.0.2; so is 1 more"
            ]
        )
    }

    @Test("The newer label of the zone counts, if it has a value")
    func zones() {
        let (new, old) = ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")
        #expect(NodeRecord.reading(node(labels: [new: "a", old: "b"])).value?.zone == "a")
        #expect(NodeRecord.reading(node(labels: [new: "", old: "b"])).value?.zone == "b")
        #expect(NodeRecord.reading(node()).value?.zone == nil)
    }

    @Test("The older field counts without the newer one")
    func podRanges() {
        let both = NodeRecord.reading(
            node(spec: .init(podCIDRs: ["10.244.1.0/24", "x", "fd00:1::/64"], podCIDR: "10.9.0.0/24"))
        )
        #expect(both.value?.podRanges.map(\.description) == ["10.244.1.0/24", "fd00:1::/64"])
        #expect(both.notes.map(\.field) == ["spec.podCIDRs[1]"])
        let same = NodeRecord.reading(node(spec: .init(podCIDRs: ["10.244.1.0/24"], podCIDR: "10.244.1.0/24")))
        #expect(same.value?.podRanges.map(\.description) == ["10.244.1.0/24"])
        #expect(same.notes == [])
        let old = NodeRecord.reading(node(spec: .init(podCIDR: "10.9.0.0/24")))
        #expect(old.value?.podRanges.map(\.description) == ["10.9.0.0/24"])
        #expect(NodeRecord.reading(node()).value?.podRanges == [])
    }

    @Test("A node that is about to go is not eligible")
    func eligibility() {
        let eligible = [node(), node(spec: .init(taints: [.init(key: "node.kubernetes.io/not-ready")]))]
        let ineligible = [
            node(deletionTimestamp: "2026-01-02T03:04:05Z"),
            node(spec: .init(taints: [.init(key: "other"), .init(key: "ToBeDeletedByClusterAutoscaler")])),
        ]
        #expect(eligible.allSatisfy { NodeRecord.reading($0).value?.isEligible == true })
        #expect(ineligible.allSatisfy { NodeRecord.reading($0).value?.isEligible == false })
    }
}
