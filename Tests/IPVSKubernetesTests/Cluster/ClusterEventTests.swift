import IPVSKubernetes
import KubernetesTestServer
import Testing

@testable import IPVSProxy

@Suite("Events of services that are not served")
struct ClusterEventTests {
    @Test("What can't be served of a service is an event of it, once")
    func notes() async throws {
        let harness = try await FeedHarness(hasEvents: true)
        var service = SampleObjects.service(0)
        service["spec"]?["externalIPs"] = ["not an address"]
        try harness.server.apply(service)
        try await harness.running {
            try await harness.server.wait(for: "the event") { $0.objects(of: .events).count == 1 }
            try harness.server.edit(.services, "service-0") { $0["spec"]?["ports"]?[0]?["port"] = 81 }
            try await harness.wait("the change") { $0.toldServices.first?.ports["http"]?.port == 81 }
        }
        let events = harness.server.objects(of: .events)
        #expect(events.count == 1)
        #expect(events.first?["reason"] == "NotServed")
        #expect(events.first?["regarding"]?["name"] == service["metadata"]?["name"])
        #expect(events.first?["note"]?.string?.contains("not an address") == true)
    }

    @Test("A slice's port with another protocol than the service's is an event of the service")
    func protocols() async throws {
        let harness = try await FeedHarness(hasEvents: true)
        try harness.server.apply(SampleObjects.endpointSlice(0, endpoints: 1))
        var service = SampleObjects.service(0)
        service["spec"]?["ports"]?[0]?["protocol"] = "UDP"
        try harness.server.apply(service)
        try await harness.running {
            try await harness.server.wait(for: "the event") { $0.objects(of: .events).count == 1 }
        }
        let event = try #require(harness.server.objects(of: .events).first)
        #expect(event["regarding"]?["name"] == "service-0")
        #expect(
            event["note"]?.string?.hasSuffix("ports: the port http is TCP here and UDP in the service; it is left out")
                == true
        )
    }

    @Test("Services that want one address, and syncs that fail, are events of the services")
    func troubles() async throws {
        let harness = try await FeedHarness(hasEvents: true)
        for number in 0...1 { try harness.server.apply(contender(number)) }
        try await harness.running {
            try await harness.wait("both are known") { $0.isSynced && $0.toldServices.count == 2 }
            await harness.proxier.publishTroubles()
            try await harness.server.wait(for: "the event") { $0.objects(of: .events).count == 1 }
            // The same after the next sync.
            await harness.proxier.publishTroubles()
            try harness.server.apply(contender(2))
            try await harness.wait("the third is known") { $0.toldServices.count == 3 }
            await harness.proxier.publishTroubles()
            try await harness.server.wait(for: "its event") { $0.objects(of: .events).count == 2 }
        }
        let events = harness.server.objects(of: .events)
        #expect(events.allSatisfy { $0["reason"] == "AddressNotServed" })
        #expect(Set(events.map { $0["regarding"]?["name"] }) == ["service-1", "service-2"])
    }
}

/// One of several services with the same address.
private func contender(_ number: Int) -> JSON {
    var service = SampleObjects.service(number)
    for field in ["clusterIP", "clusterIPs"] { service["spec"]?[field] = SampleObjects.service(0)["spec"]?[field] }
    return service
}

extension Proxier {
    /// Hands out what a sync would leave undone.
    fileprivate func publishTroubles() { troubleFeed.publish(ServiceTrouble.all(state.rejections, [])) }
}
