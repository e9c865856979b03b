import Common
import IPVSProxy
import Yams

/// Reads manifests and collects all of their errors.
///
/// Manifests are Kubernetes' Service, EndpointSlice and Endpoints objects, as `kubectl get -o yaml` or `-o json` prints
/// them or written by hand, in several documents or in lists. A file is YAML unless its name ends with `.json`.
struct ManifestReader {
    let node: NodeIdentity

    private(set) var manifests = Manifests()

    /// All errors, of which the first are kept.
    private(set) var allErrors: Several<ManifestError> = []

    /// The first errors.
    var errors: [ManifestError] { allErrors.first }

    private(set) var notes: [ManifestNote] = []

    /// What services say of the endpoints that they prefer.
    private(set) var preferences: [NamespacedName: TrafficPreference] = [:]

    /// The place of each object, including those that are not served.
    private var places: [ObjectName: ManifestPosition] = [:]

    private var relations = ManifestRelations()

    private struct ObjectName: Hashable {
        let kind: String
        let name: NamespacedName
    }

    init(_ node: NodeIdentity) { self.node = node }

    /// Reads the contents of a file. `finish()` follows after the last one.
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

    /// Relates the objects of all files to each other.
    mutating func finish() {
        relations.settle()
        manifests.slices = relations.slices
        notes += relations.notes + preferenceNotes
    }

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
    private mutating func read(_ place: Place, _ assumed: ManifestType?, file: String) {
        var fields = Fields()
        defer { allErrors.append(fields.errors) { ManifestError(file: file, error: $0) } }
        guard let place = fields.object(place), let type = ManifestType(of: place, assumed, &fields) else { return }
        if let elements = type.elements {
            fields.checkSpelling(place, type.schema)
            // An empty list is written as [], or as null by programs in Go. Without a value, the text has been cut off.
            if let items = place["items"], items.node.scalar?.isNull == true, items.scalarText != "" {
                let position = ManifestPosition(file: file, line: items.line)
                let sentence = "\(type.kind): \(items.path): null counts as an empty list"
                notes.append(ManifestNote(sentence, at: position, isWarning: true))
            } else if place.field("items") == nil {
                fields.refuse(place, lacks: "items")
            }
            for element in fields.list(place.field("items")) { read(element, elements.first, file: file) }
        } else if type.isRead {
            readObject(place, type, file: file)
        } else {
            let position = ManifestPosition(file: file, line: place.line)
            notes.append(ManifestNote("a \(type.kind) is passed over", at: position, isWarning: false))
        }
    }

    private mutating func readObject(_ place: Place, _ type: ManifestType, file: String) {
        var fields = Fields(kind: type.kind)
        guard let object = ManifestObject(place, type, file: file, &fields) else {
            allErrors.append(fields.errors) { ManifestError(file: file, object: type.kind, error: $0) }
            return
        }
        let name = ObjectName(kind: type.kind, name: object.name)
        if let first = places.updateValue(object.position, forKey: name) {
            fields.refuse(whole: place, "is there twice; the first is at \(first)")
        }
        var endpoints: EndpointsObject?
        if let foreignness = object.foreignness {
            fields.note(foreignness)
            if type == .service { relations.add(object, nil) }
        } else if type == .service {
            let service = ServiceDefinition(object.name, object, &fields)
            manifests.services[object.name] = service
            relations.add(object, service)
            preferences[object.name] = TrafficPreference(of: object, &fields)
        } else if type == .endpointSlice {
            endpoints = EndpointsObject(slice: object, node: node, &fields)
        } else {
            endpoints = EndpointsObject(endpoints: object, node: node, &fields)
        }
        allErrors.append(fields.errors) { ManifestError(file: file, object: object.title, error: $0) }
        if var endpoints {
            // Whether they matter depends on the service.
            endpoints.notes = fields.notes
            relations.add(endpoints)
        } else {
            notes += fields.notes.map { ManifestNote($0, of: object.title, at: object.position) }
        }
    }
}
