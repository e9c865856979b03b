import Common
import IPVSProxy

/// That a service prefers endpoints that are near: its field `trafficDistribution`.
///
/// Kubernetes writes hints into the slices of such a service, and only these decide. In manifests that were written by hand
/// they may be missing.
struct TrafficPreference {
    let value: String
    let file: String
    let line: Int?

    /// The preference of a service; nil if it has none.
    init?(_ service: Place, file: String, _ fields: inout Fields) {
        guard let value = fields.text(service.field("spec")?.field("trafficDistribution")), !value.isEmpty else {
            return nil
        }
        (self.value, self.file, line) = (value, file, service.line)
    }
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
                Service \(name) has trafficDistribution \(preference.value), which has no effect, as no endpoint in its slices \
                has hints
                """
            return ManifestNote(file: preference.file, line: preference.line, sentence: sentence, isWarning: true)
        }
    }
}
