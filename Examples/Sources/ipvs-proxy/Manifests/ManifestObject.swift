import Common
import IPVSProxy
import Yams

/// An object of a manifest, with the properties that all kinds have.
struct ManifestObject {
    let place: Place
    let type: ManifestType
    let name: NamespacedName
    let labels: [String: String]
    let position: ManifestPosition

    /// The object in messages: `Service default/web`.
    var title: String { "\(type.kind) \(name)" }

    /// The object at a place in a file, or nil if it has an error.
    init?(_ place: Place, _ type: ManifestType, file: String, _ fields: inout Fields) {
        fields.checkSpelling(place, type.schema)
        guard let metadata = fields.object(place.field("metadata"), .metadata) else {
            if place.field("metadata") == nil { fields.refuse(place, lacks: "metadata") }
            return nil
        }
        // As in kubectl, for manifests written by hand.
        let namespace = metadata.filled("namespace").map { fields.name($0, .label) } ?? "default"
        if metadata.filled("name") == nil { fields.refuse(metadata, lacks: "name") }
        let name = fields.name(metadata.filled("name"), type == .service ? .label : .subdomain)
        var labels: [String: String] = [:]
        if let place = fields.object(metadata.field("labels")) {
            for key in place.node.mapping?.keys.compactMap(\.string) ?? [] {
                labels[key] = place.field(key) == nil ? "" : fields.text(place.field(key))
            }
        }
        guard let name, let namespace, fields.errors.isEmpty else { return nil }
        self.place = place
        self.type = type
        self.name = NamespacedName(namespace, name)
        self.labels = labels
        position = ManifestPosition(file: file, line: place.line)
    }

    /// The reason why another program serves it, from its labels, or nil if this one does.
    var foreignness: String? {
        if let proxy = labels["service.kubernetes.io/service-proxy-name"] {
            return "is for another proxy, \(proxy.quoted)"
        }
        if labels["service.kubernetes.io/headless"] != nil { return "is of a headless service" }
        return nil
    }
}
