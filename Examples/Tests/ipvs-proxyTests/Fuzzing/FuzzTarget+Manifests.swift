import Common
import IPVSFuzzing
import IPVSProxy

@testable import ipvs_proxy

extension FuzzTarget {
    /// Manifests in YAML and in JSON.
    static let manifests = FuzzTarget("manifests") { bytes in
        guard let text = fileText(bytes) else { return }
        let yaml = try readManifests(text, "a.yaml")
        let json = try readManifests(text, "a.json")
        // Some ends of lines are ones in YAML only. All JSON that both can read means the same.
        guard text.utf8.allSatisfy({ $0 < 0x80 }), let yaml, let json else { return }
        try hold(yaml == json, "\(yaml) in YAML, but \(json) in JSON")
    }
}

/// The manifests that a text in a file has; nil if there are errors in it.
private func readManifests(_ text: String, _ file: String) throws -> Manifests? {
    var reader = ManifestReader(NodeIdentity(name: "node-a", zone: "zone-a"))
    reader.read(text, file: file)
    reader.finish()
    try holdArePlaced(reader.errors.map(\.error), in: text)
    let manifests = reader.manifests
    try hold(manifests.services.allSatisfy { $0.key == $0.value.name }, "a service has another name: \(manifests)")
    try hold(manifests.slices.allSatisfy { $0.key == $0.value.name }, "a slice has another name: \(manifests)")
    let changes = ManifestChanges(from: Manifests(), to: manifests)
    try hold(
        changes.services.count == manifests.services.count && changes.slices.count == manifests.slices.count,
        "\(changes) for \(manifests)"
    )
    try hold(ManifestChanges(from: manifests, to: manifests).isEmpty, "something differs from itself in \(manifests)")
    return reader.errors.isEmpty ? manifests : nil
}
