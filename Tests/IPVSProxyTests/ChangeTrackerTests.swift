import IPVS
import IPVSProxyTestSamples
import Testing

@testable import IPVSProxy

@Suite("Change trackers")
struct ChangeTrackerTests {
    private var services = ChangeTracker<ServiceDefinition>()

    private func service(_ port: UInt16, _ name: String = "web") -> ServiceDefinition {
        ServiceDefinition(NamespacedName("default", name), ports: ["http": ServicePort(.tcp, port)])
    }

    @Test("Several changes to an object are one, from the first previous to the newest current value")
    mutating func newest() throws {
        services.update(service(1))
        _ = services.merge()
        services.update(service(2))
        services.delete(web)
        services.update(service(3))
        #expect(services.pendingCount == 1)
        #expect(services.objects[web] == service(1))
        let changes = services.merge()
        let change = try #require(changes.first)
        #expect(changes.count == 1)
        #expect(change.previous == service(1))
        #expect(change.current == service(3))
        #expect(services.objects == [web: service(3)])
        #expect(services.pendingCount == 0)
    }

    @Test("An addition, an update and a deletion, in this order")
    mutating func lifetime() {
        services.update(service(1))
        var changes = services.merge()
        #expect(changes.map(\.previous) == [nil] && changes.map(\.current) == [service(1)])
        services.update(service(2))
        changes = services.merge()
        #expect(changes.map(\.previous) == [service(1)] && changes.map(\.current) == [service(2)])
        services.delete(web)
        changes = services.merge()
        #expect(changes.map(\.previous) == [service(2)] && changes.map(\.current) == [nil])
        #expect(services.objects.isEmpty)
    }

    @Test("An object that is reported again, or a change that is undone, is not a change")
    mutating func undone() {
        var isChanged = [services.update(service(1)), services.update(service(1)), services.delete(web)]
        #expect(isChanged == [true, true, false])
        #expect(services.pendingCount == 0)
        var changes = services.merge()
        #expect(changes.isEmpty)

        services.update(service(1))
        _ = services.merge()
        isChanged = [services.update(service(1)), services.update(service(2)), services.update(service(1))]
        #expect(isChanged == [false, true, false])
        isChanged = [services.delete(web), services.delete(web), services.update(service(1))]
        #expect(isChanged == [true, true, false])
        changes = services.merge()
        #expect(changes.isEmpty)
        #expect(services.objects == [web: service(1)])
    }

    @Test("The deletion of an unknown object is not a change")
    mutating func unknown() {
        let isChanged = services.delete(NamespacedName("default", "nobody"))
        let changes = services.merge()
        #expect(!isChanged && changes.isEmpty)
    }

    /// The ports that the changes since the last merge affect.
    private mutating func affectedPorts() -> [String] { services.merge().flatMap(\.servicePorts).map(\.port).sorted() }

    @Test("A change of a service affects the ports that differ")
    mutating func servicePorts() {
        let one = ServicePort(.tcp, 1)
        let two = ServicePort(.tcp, 2)
        services.update(ServiceDefinition(web, ports: ["same": one, "changed": one, "gone": one]))
        var affected = affectedPorts()
        #expect(affected == ["changed", "gone", "same"])
        services.update(ServiceDefinition(web, ports: ["same": one, "changed": two, "new": two]))
        affected = affectedPorts()
        #expect(affected == ["changed", "gone", "new"])
        services.delete(web)
        affected = affectedPorts()
        #expect(affected == ["changed", "new", "same"])
    }

    @Test("A change of a slice affects the ports whose endpoints differ")
    func slicePorts() {
        var slices = ChangeTracker<EndpointSlice>()
        func affected(_ service: String, _ endpoints: [String: [ServiceEndpoint]]) -> [String] {
            let name = NamespacedName("default", "slice")
            slices.update(EndpointSlice(name, of: NamespacedName("default", service), endpoints: endpoints))
            return slices.merge().flatMap(\.servicePorts).map(\.description).sorted()
        }
        let one = [ServiceEndpoint("10.244.1.1:1")]
        let unready = [ServiceEndpoint("10.244.1.1:1", isReady: false)]
        #expect(affected("a", ["x": one, "y": one]) == ["default/a:x", "default/a:y"])
        #expect(affected("a", ["x": one, "y": unready]) == ["default/a:y"])
        #expect(affected("a", ["x": one, "z": one]) == ["default/a:y", "default/a:z"])
        #expect(affected("b", ["x": one]) == ["default/a:x", "default/a:z", "default/b:x"])
        #expect(affected("b", ["x": one]) == [])
    }
}
