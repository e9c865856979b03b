import IPVS
import IPVSProxy
import Testing

@testable import ipvs_proxy

/// The hints of endpoints in slices.
@Suite struct ManifestHints {
    private func read(_ hints: String..., zone: String? = "zone-a") -> ManifestReader {
        var reader = ManifestReader(nodeName: "node-a", zone: zone)
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
        return reader
    }

    private func hints(_ reader: ManifestReader) throws -> [ServiceEndpoint.Hints] {
        #expect(reader.errors.isEmpty, "\(reader.errors)")
        return try #require(reader.manifests.slices.values.first?.endpoints[""]).map(\.hints)
    }

    @Test func whomTheyAreFor() throws {
        let near = "{forZones: [{name: zone-a}], forNodes: [{name: node-b}, {name: node-a}]}"
        let far = "{forZones: [{name: zone-b}], forNodes: [{name: node-b}]}"
        let reader = read(near, far, "", "{}", "{forNodes: [], forZones: null}")
        #expect(try hints(reader) == [[.thisZone, .thisNode], [.zones, .nodes], [], [], []])
        #expect(reader.notes.isEmpty)
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
        #expect(reader.notes.map(\.sentence) == [sentence] && reader.notes.allSatisfy(\.isWarning))
        #expect(read("{forNodes: [{name: node-b}]}", zone: nil).notes.isEmpty)
    }

    @Test(arguments: [
        ("[]", "endpoints[0].hints: must be an object"),
        ("{forZones: zone-a}", "endpoints[0].hints.forZones: must be a list"),
        ("{forNodes: [node-a]}", "endpoints[0].hints.forNodes[0]: must be an object"),
        ("{forNodes: [{}]}", "endpoints[0].hints.forNodes[0].name: is missing"),
        ("{forZones: [{name: 1}]}", "endpoints[0].hints.forZones[0].name: must be a text"),
    ])
    func errors(hints: String, reason: String) {
        let errors = read(hints).errors.map(\.description)
        #expect(errors.count == 1 && errors.allSatisfy { $0.contains(": \(reason)") }, "\(errors)")
    }
}
