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

    private(set) var manifests = Manifests()
    private(set) var errors: [ManifestError] = []
    private(set) var notes: [ManifestNote] = []

    /// The place of each object, including those that are not served.
    private var places: [ObjectName: String] = [:]

    private struct ObjectName: Hashable {
        let kind: String
        let name: NamespacedName
    }

    init(nodeName: String) { self.nodeName = nodeName }

    /// Reads the contents of a file.
    ///
    /// An empty file is an error. A file to which `kubectl get` is redirected is empty for a moment, during which its
    /// services would be deleted otherwise.
    mutating func read(_ text: String, file: String) {
        if text.allSatisfy(\.isWhitespace) {
            let reason = "is empty; if there is to be nothing in it, put a comment there or remove it"
            refuse(file, FileError(reason: reason))
        } else if file.lowercased().hasSuffix(".json") {
            read(json: text, file: file)
        } else {
            read(yaml: text, file: file)
        }
    }

    private mutating func read(json text: String, file: String) {
        do throws(FileError) {
            read(try JSONReader.read(text), nil, file: file)
        } catch {
            refuse(file, error)
        }
    }

    private mutating func read(yaml text: String, file: String) {
        do {
            // The types of values are not inferred; they depend on the field.
            let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
            while let root = try parser.nextRoot() {
                guard root.scalar?.isNull != true else { continue }
                read(Place(root: root), nil, file: file)
            }
        } catch let error as YamlError {
            refuse(file, FileError(error, in: text))
        } catch {
            refuse(file, FileError(reason: "\(error)"))
        }
    }

    /// Records that a file can't be read.
    mutating func refuse(_ file: String, _ error: FileError) { errors.append(ManifestError(file: file, error: error)) }

    /// Reads a document or an element of a list, which has a default type.
    private mutating func read(_ place: Place, _ assumed: ManifestObject.TypeName?, file: String) {
        var fields = Fields()
        defer { errors += fields.errors.map { ManifestError(file: file, error: $0) } }
        guard let place = fields.object(place), let type = type(of: place, assumed, &fields) else { return }
        if let elements = type.elements {
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
            errors += fields.errors.map { ManifestError(file: file, object: type.kind, error: $0) }
            return
        }
        let name = object.name
        let title = "\(type.kind) \(name)"
        let position = "\(file):\(place.line ?? 1)"
        if let first = places.updateValue(position, forKey: ObjectName(kind: type.kind, name: name)) {
            let error = FileError(line: place.line, reason: "is there twice; the first is at \(first)")
            errors.append(ManifestError(file: file, object: title, error: error))
        }
        if let foreignness = object.foreignness {
            fields.note(foreignness)
        } else if type == .service {
            manifests.services[name] = ServiceDefinition(name, object, &fields)
        } else {
            manifests.slices[name] = EndpointSlice(name, object, node: nodeName, &fields)
        }
        errors += fields.errors.map { ManifestError(file: file, object: title, error: $0) }
        notes += fields.notes.map { sentence, isWarning in
            ManifestNote(file: file, line: place.line, sentence: "\(title) \(sentence)", isWarning: isWarning)
        }
    }
}
