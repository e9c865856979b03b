import IPVSProxy
import Testing

@testable import ipvs_proxy

@Suite struct ManifestDifferences {
    @Test func eachKind() throws {
        let old = read(
            [Sample.service("a"), Sample.service("b"), Sample.slice("s", "10.0.0.1")].joined(separator: "---\n")
        )
        let new = read(
            [
                Sample.service("b", clusterIP: "10.96.0.2"), Sample.service("c"),
                Sample.slice("s", "10.0.0.1", "10.0.0.2"),
            ]
            .joined(separator: "---\n")
        )
        #expect(old.errors.isEmpty && new.errors.isEmpty)
        func service(_ reader: ManifestReader, _ name: String) throws -> ServiceDefinition {
            try #require(reader.manifests.services[NamespacedName("default", name)])
        }
        let changes = ManifestChanges(from: old.manifests, to: new.manifests)
        let expected: [Change<ServiceDefinition>] = [
            .deleted(try service(old, "a")), .updated(try service(old, "b"), try service(new, "b")),
            .added(try service(new, "c")),
        ]
        #expect(changes.services == expected)
        let name = NamespacedName("default", "s")
        let slices = (try #require(old.manifests.slices[name]), try #require(new.manifests.slices[name]))
        #expect(changes.slices == [.updated(slices.0, slices.1)])
        #expect(!changes.isEmpty)
        #expect(ManifestChanges(from: new.manifests, to: new.manifests).isEmpty)
    }
}
