import Common
import IPVSProxy
import Yams

/// An object of a manifest, with the properties that all kinds have.
struct ManifestObject {
    let place: Place

    /// The API group and version, and the kind, such as `v1` and `Service`.
    let type: TypeName

    let name: NamespacedName
    let labels: [String: String]

    struct TypeName: Hashable {
        let apiVersion: String
        let kind: String

        static let service = TypeName(apiVersion: "v1", kind: "Service")
        static let endpointSlice = TypeName(apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice")

        /// The default type of a list's elements, or nil if it is not a list.
        var elements: [TypeName]? {
            switch (apiVersion, kind) {
            case ("v1", "List"): []
            case (_, let kind) where kind.hasSuffix("List"):
                [TypeName(apiVersion: apiVersion, kind: String(kind.dropLast("List".count)))]
            default: nil
            }
        }
    }

    /// The object at a place, or nil if it has an error.
    init?(_ place: Place, _ type: TypeName, _ fields: inout Fields) {
        guard let metadata = fields.object(place.field("metadata")) else {
            if place.field("metadata") == nil { fields.refuse(place, lacks: "metadata") }
            return nil
        }
        // As in kubectl, for manifests written by hand.
        let namespace = fields.text(metadata.field("namespace")) ?? "default"
        let name = fields.text("name", requiredIn: metadata)
        var labels: [String: String] = [:]
        if let place = fields.object(metadata.field("labels")) {
            for key in place.node.mapping?.keys.compactMap(\.string) ?? [] {
                labels[key] = place.field(key) == nil ? "" : fields.text(place.field(key))
            }
        }
        guard let name, fields.errors.isEmpty else { return nil }
        self.place = place
        self.type = type
        self.name = NamespacedName(namespace, name)
        self.labels = labels
    }

    /// The reason why another program serves it, from its labels, or nil if this one does.
    var foreignness: String? {
        if let proxy = labels["service.kubernetes.io/service-proxy-name"] {
            return "is for another proxy, \"\(proxy)\""
        }
        if labels["service.kubernetes.io/headless"] != nil { return "is of a headless service" }
        return nil
    }
}
