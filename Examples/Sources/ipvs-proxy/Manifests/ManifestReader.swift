import Common
import IPVSProxy
import Yams

/// Reads manifests and collects all of their errors.
///
/// Manifests are Kubernetes' Service and EndpointSlice objects, as `kubectl get -o yaml` or `-o json` prints them or
/// written by hand, in several documents or in lists. A file is YAML unless its name ends with `.json`.
struct ManifestReader {
    /// The name of the node, which determines which endpoints are local.
    let nodeName: String

    /// The zone of the node, which determines which hints of endpoints are for it; nil if it is not known.
    let zone: String?

    private(set) var manifests = Manifests()
    /// All errors, of which the first are kept.
    private(set) var allErrors: Several<ManifestError> = []

    /// The first errors.
    var errors: [ManifestError] { allErrors.first }

    private(set) var notes: [ManifestNote] = []

    /// What services say of the endpoints that they prefer.
    private(set) var preferences: [NamespacedName: TrafficPreference] = [:]

    /// The place of each object, including those that are not served.
    private var places: [ObjectName: String] = [:]

    private struct ObjectName: Hashable {
        let kind: String
        let name: NamespacedName
    }

    init(nodeName: String, zone: String? = nil) {
        self.nodeName = nodeName
        self.zone = zone
    }

    /// Reads the contents of a file.
    ///
    /// An empty file is an error. A file to which `kubectl get` is redirected is empty for a moment, during which its
    /// services would be deleted otherwise.
    mutating func read(_ text: String, file: String, isJSON: Bool? = nil) {
        if text.allSatisfy(\.isWhitespace) {
            refuse(file, Self.emptiness)
        } else if isJSON ?? file.lowercased().hasSuffix(".json") {
            read(json: text, file: file)
        } else {
            read(yaml: text, file: file)
        }
    }

    private static let emptiness = FileError(
        reason: "is empty; if there is to be nothing in it, put a comment there or remove it"
    )

    private mutating func read(json text: String, file: String) {
        do throws(FileError) {
            read(try JSONReader.read(text), nil, file: file)
        } catch {
            refuse(file, error)
        }
    }

    private mutating func read(yaml text: String, file: String) {
        var hasDocument = false
        do throws(FileError) {
            try YAMLReader.read(text) { root in
                guard root.node.scalar?.isNull != true else { return }
                hasDocument = true
                read(root, nil, file: file)
            }
            // Such as only a line ---, which is as empty.
            if !hasDocument, !text.utf8.contains(UInt8(ascii: "#")) { throw Self.emptiness }
        } catch {
            refuse(file, error)
        }
    }

    /// Records that a file can't be read.
    mutating func refuse(_ file: String, _ error: FileError) {
        allErrors.append(ManifestError(file: file, error: error))
    }

    /// Reads a document or an element of a list, which has a default type.
    private mutating func read(_ place: Place, _ assumed: ManifestObject.TypeName?, file: String) {
        var fields = Fields()
        defer { allErrors.append(fields.errors) { ManifestError(file: file, error: $0) } }
        guard let place = fields.object(place), let type = type(of: place, assumed, &fields) else { return }
        if let elements = type.elements {
            // An empty list is written as [].
            if place.field("items") == nil { fields.refuse(place, lacks: "items") }
            for element in fields.list(place.field("items")) { read(element, elements.first, file: file) }
        } else if [.service, .endpointSlice].contains(type) {
            readObject(place, type, file: file)
        } else {
            notes.append(
                ManifestNote(file: file, line: place.line, sentence: "a \(type.kind) is passed over", isWarning: false)
            )
        }
    }

    private func type(
        of place: Place,
        _ assumed: ManifestObject.TypeName?,
        _ fields: inout Fields
    ) -> ManifestObject.TypeName? {
        func text(_ name: String, or assumed: String?) -> String? {
            place.field(name) == nil && assumed != nil ? assumed : fields.text(name, requiredIn: place)
        }
        let kind = text("kind", or: assumed?.kind)
        let apiVersion = text("apiVersion", or: assumed?.apiVersion)
        guard let kind, let apiVersion else { return nil }
        // Other API groups have kinds with these names, which are ignored. In this group it is an error.
        if kind == "EndpointSlice", apiVersion.hasPrefix("discovery.k8s.io/"), apiVersion != "discovery.k8s.io/v1" {
            fields.refuse(place["apiVersion"] ?? place, "must be discovery.k8s.io/v1, not \(apiVersion)")
            return nil
        }
        return ManifestObject.TypeName(apiVersion: apiVersion, kind: kind)
    }

    private mutating func readObject(_ place: Place, _ type: ManifestObject.TypeName, file: String) {
        var fields = Fields()
        guard let object = ManifestObject(place, type, &fields) else {
            allErrors.append(fields.errors) { ManifestError(file: file, object: type.kind, error: $0) }
            return
        }
        let name = object.name
        let title = "\(type.kind) \(name)"
        let position = "\(file):\(place.line ?? 1)"
        if let first = places.updateValue(position, forKey: ObjectName(kind: type.kind, name: name)) {
            let error = FileError(line: place.line, reason: "is there twice; the first is at \(first)")
            allErrors.append(ManifestError(file: file, object: title, error: error))
        }
        if let foreignness = object.foreignness {
            fields.note(foreignness)
        } else if type == .service {
            manifests.services[name] = ServiceDefinition(name, object, &fields)
            preferences[name] = TrafficPreference(object.place, file: file, &fields)
        } else {
            manifests.slices[name] = EndpointSlice(name, object, node: nodeName, zone: zone, &fields)
        }
        allErrors.append(fields.errors) { ManifestError(file: file, object: title, error: $0) }
        notes += fields.notes.map { sentence, isWarning in
            ManifestNote(file: file, line: place.line, sentence: "\(title) \(sentence)", isWarning: isWarning)
        }
    }
}
