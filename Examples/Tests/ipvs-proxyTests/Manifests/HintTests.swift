import IPVS
import IPVSProxy
import Logging
import Testing

@testable import ipvs_proxy

/// The hints of endpoints in slices.
@Suite struct ManifestHints {
    private func read(_ hints: String..., zone: String? = "zone-a") -> ManifestReader {
        var reader = ManifestReader(NodeIdentity(name: "node-a", zone: zone))
        let endpoints = hints.map { "{addresses: [10.244.1.5]\($0.isEmpty ? "" : ", hints: \($0)")}" }
        reader.read(
            """
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
            addressType: IPv4
            ports: [{port: 80}]
            endpoints: [\(endpoints.joined(separator: ", "))]
            """,
            file: "a.yaml"
        )
        reader.read(
            """
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}
            """,
            file: "b.yaml"
        )
        reader.finish()
        return reader
    }

    private func warnings(_ reader: ManifestReader) -> [String] { reader.notes.filter(\.isWarning).map(\.sentence) }

    private func hints(_ reader: ManifestReader) throws -> [ServiceEndpoint.Hints] {
        #expect(reader.errors.isEmpty, "\(reader.errors)")
        return try #require(reader.manifests.slices.values.first?.endpoints[""]).map(\.hints)
    }

    @Test func whomTheyAreFor() throws {
        let near = "{forZones: [{name: zone-a}], forNodes: [{name: node-b}, {name: node-a}]}"
        let far = "{forZones: [{name: zone-b}], forNodes: [{name: node-b}]}"
        let reader = read(near, far, "", "{}", "{forNodes: [], forZones: null}")
        #expect(try hints(reader) == [[.thisZone, .thisNode], [.zones, .nodes], [], [], []])
        #expect(warnings(reader).isEmpty)
    }

    @Test func zonesThatCanNotBeFollowed() throws {
        let reader = read(
            "{forZones: [{name: zone-a}], forNodes: [{name: node-a}]}",
            "{forZones: [{name: zone-a}]}",
            zone: nil
        )
        #expect(try hints(reader) == [[.zones, .thisNode], .zones])
        let sentence =
            "EndpointSlice default/web-1 has hints for zones, which are ignored, as --zone doesn't name this node's zone"
        #expect(warnings(reader) == [sentence])
        #expect(warnings(read("{forNodes: [{name: node-b}]}", zone: nil)).isEmpty)
    }

    @Test(arguments: [
        ("[]", "endpoints[0].hints: must be an object"),
        ("{forZones: zone-a}", "endpoints[0].hints.forZones: must be a list"),
        ("{forNodes: [node-a]}", "endpoints[0].hints.forNodes[0]: must be an object"),
        ("{forNodes: [{}]}", "endpoints[0].hints.forNodes[0].name: is missing"),
        ("{forzones: []}", "endpoints[0].hints.forzones: there is no such field; did you mean forZones?"),
        ("{forZones: [{name: 1}]}", "endpoints[0].hints.forZones[0].name: must be a text"),
    ])
    func errors(hints: String, reason: String) {
        let errors = read(hints).errors.map(\.description)
        #expect(errors.count == 1 && errors.allSatisfy { $0.contains(": \(reason)") }, "\(errors)")
    }

    /// Hints decide, whatever the service prefers. Without them, the preference has no effect.
    @Test(arguments: [("", 1), (", hints: {forNodes: [{name: node-b}]}", 0), (nil, 0)] as [(String?, Int)])
    func preferences(hints: String?, count: Int) throws {
        var reader = ManifestReader(NodeIdentity(name: "node-a"))
        let service = Sample.service().replacing("spec:", with: "spec:\n  trafficDistribution: PreferSameNode")
        let slice = Sample.slice("web-1", of: "web", "10.244.1.5", "10.244.1.6")
        if let hints { reader.read(slice.replacing(".6]", with: ".6]\(hints)"), file: "slice.yaml") }
        reader.read(service, file: "web.yaml")
        reader.finish()
        #expect(reader.errors.isEmpty)
        let sentence = """
            Service default/web has trafficDistribution PreferSameNode, which has no effect, as no endpoint in its slices has \
            hints
            """
        #expect(warnings(reader) == Array(repeating: sentence, count: count))
        #expect(reader.notes.filter(\.isWarning).allSatisfy { $0.position.file == "web.yaml" })
        // A service that prefers nothing is not mentioned.
        var other = ManifestReader(NodeIdentity(name: "node-a"))
        other.read(Sample.service() + "---\n" + slice, file: "a.yaml")
        other.finish()
        #expect(warnings(other).isEmpty)
    }

    @Test func aPreferenceThatIsNoText() {
        let service = Sample.service().replacing("spec:", with: "spec:\n  trafficDistribution: [PreferClose]")
        let errors = ipvs_proxyTests.read(service).errors.map(\.description)
        #expect(
            errors.count == 1 && errors.allSatisfy { $0.contains("spec.trafficDistribution: must be a text") },
            "\(errors)"
        )
    }

    /// The warning is logged like those of single objects.
    @Test func preferencesAreLogged() throws {
        let (folder, log) = (try Folder(), LogLines())
        let service = Sample.service().replacing("spec:", with: "spec:\n  trafficDistribution: PreferClose")
        try folder.write("a.yaml", service + "---\n" + Sample.slice("web-1", of: "web", "10.244.1.5"))
        var watch = ManifestWatch(
            [folder.path],
            node: NodeIdentity(name: "node-a"),
            logger: Logger(label: "test") { _ in log }
        )
        _ = try watch.read()
        _ = try watch.read()
        #expect(
            log.lines.count { $0.hasPrefix("warning ") && $0.contains("Service default/web has trafficDistribution") }
                == 1
        )
    }
}
