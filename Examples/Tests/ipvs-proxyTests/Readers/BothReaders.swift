import Common
import Foundation
import IPVSProxy
import KubernetesAPI

@testable import IPVSKubernetes
@testable import ipvs_proxy

/// Reads objects as manifests and as objects of an API server, and finds where the readers disagree.
///
/// A manifest with an error is refused. From an API server, what is wrong is left out of an object with a warning instead.
struct BothReaders {
    var node = NodeIdentity(name: "node-a")

    /// How many objects were without errors in a manifest, and how many were not.
    private(set) var acceptedCount = 0
    private(set) var refusedCount = 0

    private(set) var differences: [String] = []

    /// Objects that a manifest can have, but whose values have types that no API server stores.
    private(set) var undecoded: [String] = []

    private var reader: ObjectReader { ObjectReader(node: node.name, zone: node.zone) }

    init(node: NodeIdentity = NodeIdentity(name: "node-a")) { self.node = node }

    /// Reads objects of which services come with their slices.
    mutating func compare(_ objects: [KubernetesJSON]) {
        var services: [String: (text: String, definition: ServiceDefinition?)] = [:]
        for object in objects where object.kind == "Service" {
            let manifest = manifest(object)
            // What can't be decoded has no value, as a manifest with errors has none.
            let decoded = try? decode(CoreV1.Service.self, object)
            let reading = decoded.map { reader.service($0) }
            let own = manifest.manifests.services.values.first
            compare(object, manifest, reading?.value, own, reading?.notes)
            if manifest.errors.isEmpty, reading != nil, reading?.value == own {
                services["\(object.namespace)/\(object.name)"] = (object.text, own)
            }
        }
        for object in objects where object.kind == "EndpointSlice" {
            // As above.
            let decoded = try? decode(DiscoveryV1.EndpointSlice.self, object)
            let reading = decoded.map { reader.slice($0) }
            let service = services["\(object.namespace)/\(object.service)"]
            let both = self.manifest(object, service?.text)
            let slice = reading?.value?.matching(service?.definition).slice
            compare(object, manifest(object), slice, both.manifests.slices.values.first, reading?.notes)
        }
    }

    private func decode<Object: Decodable>(_ type: Object.Type, _ object: KubernetesJSON) throws -> Object {
        try JSONDecoder().decode(type, from: Data(object.text.utf8))
    }

    private func manifest(_ object: KubernetesJSON, _ service: String? = nil) -> ManifestReader {
        var reader = ManifestReader(node)
        reader.read(object.text, file: "object.json")
        if let service { reader.read(service, file: "service.json") }
        reader.finish()
        return reader
    }

    private mutating func compare<Value: Equatable>(
        _ object: KubernetesJSON,
        _ manifest: ManifestReader,
        _ value: Value?,
        _ expected: Value?,
        _ notes: [Note]?
    ) {
        let errors = manifest.errors.filter { !Self.isPersonal($0.error.field ?? "", $0.error.reason) }
        guard manifest.errors.isEmpty else {
            refusedCount += 1
            // Refused by the decoder, or with a warning.
            if let notes, !errors.isEmpty, !notes.contains(where: \.isWarning) {
                differences.append("no warning, but \(errors) in \(object.text)")
            }
            return
        }
        acceptedCount += 1
        guard let notes else {
            // A manifest's reader doesn't look at all fields of what it doesn't serve.
            if expected != nil { undecoded.append(object.text) }
            return
        }
        if value != expected {
            differences.append("\(String(describing: value)), but \(String(describing: expected)) of \(object.text)")
        }
        // The manifest's reader says this of slices with host names together with other objects.
        guard !notes.contains(where: { $0.reason.hasPrefix("is FQDN") }) else { return }
        let classes = Set(notes.map { "\($0.isWarning) \($0.field)" })
        let title = "\(object.kind) \(object.namespace)/\(object.name)"
        let expectedClasses = Set(manifest.notes.compactMap { Self.noteClass($0, title) })
        if classes != expectedClasses {
            differences.append("notes \(notes), but \(manifest.notes) of \(object.text)")
        }
    }

    /// Whether a note is a warning, and the field that it is about; nil if it follows from other objects, or from a field that
    /// ``ObjectReader`` doesn't need.
    private static func noteClass(_ note: ManifestNote, _ title: String) -> String? {
        guard !note.isOfSeveral else { return nil }
        let sentence = note.sentence.dropFirst(title.count)
        let field = sentence.hasPrefix(": ") ? sentence.dropFirst(2).prefix { $0 != " " }.dropLast() : ""
        return requests.contains { field.hasPrefix($0) } ? nil : "\(note.isWarning) \(field)"
    }

    /// What the author asks of a control plane, which has decided about it before an object is stored.
    private static let requests = ["spec.ipFamil", "spec.topologyKeys", "spec.loadBalancerIP"]

    /// Whether an error is one that an API server doesn't let pass, and that does no harm if it does: a name against the rules,
    /// a field that doesn't exist, or one that only the control plane reads.
    private static func isPersonal(_ field: String, _ reason: String) -> Bool {
        requests.contains { field.hasPrefix($0) } || reason.contains("is not a valid name")
            || reason.contains("there is no such field") || reason.contains("can't be merged here")
            || field.hasSuffix("].name") && reason == "is missing"
    }
}
