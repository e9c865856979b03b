import Foundation
import IPVS
import IPVSKubernetes
import KubernetesAPI
import KubernetesTestServer
import Testing

@testable import IPVSProxy

@Suite("What a proxier hears of a cluster")
struct ClusterFeedTests {
    @Test("Services and slices are reported, changed and deleted as they are on the server")
    func follows() async throws {
        let harness = try await FeedHarness()
        let server = harness.server
        for index in 0..<3 {
            try server.apply(SampleObjects.service(index))
            try server.apply(SampleObjects.endpointSlice(index, endpoints: 2))
        }
        #expect(await !harness.proxier.isSynced)
        try await harness.running {
            try await harness.wait("all are reported") {
                $0.isSynced && $0.toldServices.count == 3 && $0.toldSlices.count == 3
            }
            try server.edit(.services, name(of: SampleObjects.service(1))) { $0["spec"]?["ports"]?[0]?["port"] = 81 }
            try await harness.wait("a port is changed") { $0.toldServices[1].ports["http"]?.port == 81 }
            try server.apply(SampleObjects.endpointSlice(2, endpoints: 5))
            try await harness.wait("endpoints are added") { $0.toldSlices[2].endpoints["http"]?.count == 5 }
            server.delete(.services, name(of: SampleObjects.service(0)))
            server.delete(.endpointSlices, name(of: SampleObjects.endpointSlice(0, endpoints: 2)))
            try await harness.wait("both are gone") { $0.toldServices.count == 2 && $0.toldSlices.count == 2 }
        }
        let known = await harness.feed.knowledge()
        #expect(known.map(\.resource.plural) == ["services", "endpointslices", "nodes"])
        #expect(known.map(\.knowledge.objectCount) == [2, 2, 0])
    }

    @Test("Each of many changes, one after the other, arrives at once")
    func oneByOne() async throws {
        let harness = try await FeedHarness()
        for index in 0..<50 {
            try harness.server.apply(SampleObjects.service(index))
            try harness.server.apply(SampleObjects.endpointSlice(index, endpoints: 5))
        }
        try await harness.running {
            try await harness.wait("all are reported") { $0.isSynced && $0.toldSlices.count == 50 }
            for number in 1...200 {
                let slice = SampleObjects.endpointSlice(number % 50, endpoints: 5, generation: number)
                let address = slice["endpoints"]?[0]?["addresses"]?[0]?.string ?? ""
                try harness.server.apply(slice)
                try await harness.wait("change \(number)") { proxier in
                    proxier.toldSlices.contains { slice in
                        slice.endpoints["http"]?.contains { "\($0.endpoint.address)" == address } == true
                    }
                }
            }
        }
    }

    @Test("Nothing is synced before all objects are known")
    func forbidden() async throws {
        let harness = try await FeedHarness()
        try harness.server.apply(SampleObjects.service(0))
        harness.server.deny("admin", "list", .endpointSlices)
        harness.server.deny("admin", "watch", .endpointSlices)
        try await harness.running {
            try await harness.wait("services are known") { $0.toldServices.count == 1 }
            try await harness.server.waitForRequests(3, .watch(.endpointSlices))
            #expect(await !harness.proxier.isSynced)
            harness.server.deny("admin", "list", .endpointSlices, false)
            harness.server.deny("admin", "watch", .endpointSlices, false)
            try await harness.wait("slices are known") { $0.isSynced }
        }
    }

    @Test("Ports of another protocol than the service's are left out, and come back when the service changes")
    func protocols() async throws {
        let harness = try await FeedHarness()
        try harness.server.apply(SampleObjects.endpointSlice(0, endpoints: 2))
        var service = SampleObjects.service(0)
        service["spec"]?["ports"]?[0]?["protocol"] = "UDP"
        try harness.server.apply(service)
        try await harness.running {
            try await harness.wait("the port is left out") {
                $0.toldServices.count == 1 && $0.toldSlices.map(\.endpoints) == [[:]]
            }
            try harness.server.apply(SampleObjects.service(0))
            try await harness.wait("the port is back") { $0.toldSlices.first?.endpoints["http"]?.count == 2 }
        }
    }

    @Test("A slice moves to another service by its label")
    func moves() async throws {
        let harness = try await FeedHarness()
        let slice = SampleObjects.endpointSlice(0, endpoints: 1)
        try harness.server.apply(slice)
        try await harness.running {
            try await harness.wait("it is known") { $0.toldSlices.count == 1 }
            try harness.server.edit(.endpointSlices, name(of: slice)) {
                $0["metadata"]?["labels"]?["kubernetes.io/service-name"] = "other"
            }
            try await harness.wait("it is the other's") { $0.toldSlices.map(\.service.name) == ["other"] }
            try harness.server.edit(.endpointSlices, name(of: slice)) {
                $0["metadata"]?["labels"]?["service.kubernetes.io/service-proxy-name"] = "another"
            }
            try await harness.wait("it is another proxy's") { $0.toldSlices.isEmpty }
        }
    }

    @Test("The zone of the node's object tells which hints count")
    func zone() async throws {
        let harness = try await FeedHarness()
        var slice = SampleObjects.endpointSlice(0, endpoints: 2)
        for (index, zone) in ["a", "b"].enumerated() {
            slice["endpoints"]?[index]?["hints"] = ["forZones": [["name": .string(zone)]]]
        }
        try harness.server.apply(slice)
        try await harness.running {
            let wanted = [true, false]
            try await harness.wait("without a zone") { $0.toldSlices.count == 1 }
            try harness.server.apply(node(labels: ["topology.kubernetes.io/zone": "a"]))
            try await harness.wait("the zone counts") {
                $0.toldSlices.first?.areForThisZone == wanted
            }
            try harness.server.apply(node(labels: ["topology.kubernetes.io/zone": "b"]))
            try await harness.wait("the new zone counts") {
                $0.toldSlices.first?.areForThisZone == wanted.reversed()
            }
        }
        #expect(await harness.feed.node?.zone == "b")
    }

    @Test("A node that is about to go is not eligible, and whoever wants to know hears of each change")
    func eligibility() async throws {
        let heard = AsyncStream.makeStream(of: NodeRecord?.self)
        let harness = try await FeedHarness(onNode: { heard.continuation.yield($0) })
        try harness.server.apply(node())
        try await harness.running {
            var records = heard.stream.makeAsyncIterator()
            #expect(await records.next()??.isEligible == true)
            #expect(await harness.feed.isNodeEligible)
            try harness.server.apply(
                node(spec: ["taints": [["key": "ToBeDeletedByClusterAutoscaler", "effect": "NoSchedule"]]])
            )
            #expect(await records.next()??.isEligible == false)
            #expect(await !harness.feed.isNodeEligible)
            harness.server.delete(.nodes, "node-1")
            #expect(await records.next() == .some(nil))
            #expect(await !harness.feed.isNodeEligible)
        }
    }

    @Test("An error of the node's handler ends the feed")
    func nodeHandler() async throws {
        struct Stop: Error {}
        let harness = try await FeedHarness(onNode: { _ in throw Stop() })
        try harness.server.apply(node())
        await #expect(throws: Stop.self) { try await harness.feed.run() }
    }

    @Test("The time from the change of endpoints to the sync counts, if it happened meanwhile")
    func trigger() async throws {
        let annotation = "endpoints.kubernetes.io/last-change-trigger-time"
        let harness = try await FeedHarness()
        let slice = SampleObjects.endpointSlice(0, endpoints: 1)
        try harness.server.apply(slice)
        try await harness.running {
            try await harness.wait("all is known") { $0.isSynced && $0.toldSlices.count == 1 }
            let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
            func edit(_ time: String) throws {
                try harness.server.edit(.endpointSlices, name(of: slice)) {
                    $0["metadata"]?["annotations"] = [annotation: .string(time)]
                    let count = $0["endpoints"]?.array?.count ?? 0
                    $0["endpoints"]?[0]?["addresses"] = ["10.9.9.\(count + Int.random(in: 1...250))"]
                }
            }
            try edit("2020-01-01T00:00:00Z")
            try await harness.wait("an old time does not count") {
                $0.state.slices.pendingCount == 1 && $0.triggers.isEmpty
            }
            try edit(Date.now.formatted(style))
            try await harness.wait("a new time counts") { $0.triggers.count == 1 }
            let age = await harness.proxier.triggers[0].duration(to: .now)
            #expect(age >= .zero && age < .seconds(600))
        }
    }
}

/// The name of a sample.
private func name(of object: JSON) -> String { object["metadata"]?["name"]?.string ?? "" }

private func node(labels: JSON = [:], spec: JSON = [:]) -> JSON {
    ["apiVersion": "v1", "kind": "Node", "metadata": ["name": "node-1", "labels": labels], "spec": spec]
}

extension EndpointSlice {
    /// Which of the endpoints are for the zone of the node.
    fileprivate var areForThisZone: [Bool] { (endpoints["http"] ?? []).map { $0.hints.contains(.thisZone) } }
}
