import Common
import IPVSProxy

/// That a service prefers endpoints that are near: its field `trafficDistribution`, or an annotation from before that field.
///
/// Kubernetes writes hints into the slices of such a service, and only these decide. In manifests that were written by hand
/// they may be missing.
struct TrafficPreference {
    /// The field or annotation with its value.
    let text: String
    let position: ManifestPosition

    /// The preference of a service; nil if it has none.
    init?(of service: ManifestObject, _ fields: inout Fields) {
        position = service.position
        if let value = fields.text(service.place.field("spec")?.filled("trafficDistribution")) {
            text = "trafficDistribution \(value.abbreviated)"
            return
        }
        let annotations = service.place.field("metadata")?.field("annotations")
        for name in Self.annotations {
            guard let value = annotations?.filled(name)?.scalarText, value.lowercased() == "auto" else { continue }
            text = "the annotation \(name): \(value)"
            return
        }
        return nil
    }

    private static let annotations = [
        "service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints",
    ]
}

extension ManifestReader {
    /// The notes on preferences that have no effect, as no endpoint of the service has hints. All files must have been read.
    var preferenceNotes: [ManifestNote] {
        guard !preferences.isEmpty else { return [] }
        var areHinted: [NamespacedName: Bool] = [:]
        for slice in manifests.slices.values {
            for endpoint in slice.endpoints.values.joined() {
                areHinted[slice.service, default: false] = areHinted[slice.service] == true || !endpoint.hints.isEmpty
            }
        }
        return preferences.sorted { $0.key < $1.key }.compactMap { name, preference in
            guard manifests.services[name] != nil, areHinted[name] == false else { return nil }
            let sentence = """
                Service \(name) has \(preference.text), which has no effect, as no endpoint in its slices has hints
                """
            return ManifestNote(sentence, at: preference.position, isWarning: true, isOfSeveral: true)
        }
    }
}
