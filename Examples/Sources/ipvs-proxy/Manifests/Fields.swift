import Common
import Yams

/// Reads the fields of an object, and collects errors and notes.
///
/// As in Kubernetes, a field without a value counts as missing, and unknown fields are ignored unless they are
/// misspelled.
struct Fields {
    private(set) var errors: Several<FileError> = []

    /// Parts that are valid but not served.
    private(set) var notes: [Note] = []

    /// The index of the note with a cause.
    private var notesByCause: [String: Int] = [:]

    /// How errors are treated at the moment; nil if they are errors.
    private var tolerance: Tolerance?

    private struct Tolerance {
        let cause: String?
        let consequence: String
    }

    /// The kind of the object, which tells where a field belongs that is at the wrong place; nil for other objects.
    private let kind: String?

    /// The paths of fields that are missing because they are misspelled.
    private var misspelled: Set<String> = []

    init(kind: String? = nil) { self.kind = kind }

    struct Note {
        let line: Int?
        let field: String?
        let sentence: String
        var isWarning: Bool

        /// What several places have in common, of which only the first has a note; nil if there is no more than one.
        var cause: String?

        /// The number of the other places.
        var others = 0

        /// The sentence about an object.
        func text(of object: String) -> String {
            let text = field.map { "\(object): \($0): \(sentence)" } ?? "\(object) \(sentence)"
            return others == 0 ? text : "\(text); so \(others == 1 ? "is 1 more" : "are \(others) more")"
        }
    }

    /// Records why something is not served, as a warning if its author probably expects it to be.
    mutating func note(_ sentence: String, isWarning: Bool = false) {
        notes.append(Note(line: nil, field: nil, sentence: sentence, isWarning: isWarning))
    }

    /// Warns that the value at a place is not used. Of several with the same cause, only the first gets a note.
    mutating func warn(_ place: Place, _ sentence: String, cause: String? = nil) {
        warn(place.error(sentence), cause: cause)
    }

    private mutating func warn(_ error: FileError, cause: String?) {
        if let cause {
            if let index = notesByCause[cause] { return notes[index].others += 1 }
            notesByCause[cause] = notes.count
        }
        notes.append(
            Note(line: error.line, field: error.field, sentence: error.reason, isWarning: true, cause: cause)
        )
    }

    /// Records an error at a place.
    mutating func refuse(_ place: Place, _ reason: String) { refuse(place.error(reason)) }

    /// Records an error of a whole object.
    mutating func refuse(whole place: Place, _ reason: String) {
        refuse(FileError(line: place.line, reason: reason))
    }

    /// Records that an object has no field with a name.
    mutating func refuse(_ place: Place, lacks name: String) {
        let path = place.path(of: name)
        // The misspelling of its name has been reported.
        guard !misspelled.contains(path) else { return }
        refuse(FileError(line: place.line, field: path, reason: "is missing"))
    }

    /// Records an error.
    mutating func refuse(_ error: FileError) {
        guard let tolerance else { return errors.append(error) }
        var error = error
        error.reason += "; \(tolerance.consequence)"
        warn(error, cause: tolerance.cause)
    }

    /// Reads what programs have written and API servers have stored. Its errors are only warnings, as they must not
    /// stop everything else. Of several errors with the same cause, only the first gets a note. What comes of an error is
    /// a part of its warning.
    mutating func tolerantly<Value>(
        cause: String? = nil,
        consequence: String = "it is left out",
        _ read: (inout Fields) -> Value
    ) -> Value {
        let before = tolerance
        tolerance = Tolerance(cause: cause, consequence: consequence)
        defer { tolerance = before }
        return read(&self)
    }

    /// Reports unknown fields that are nearly known ones, or that are known elsewhere. Only a person can have written
    /// them.
    mutating func checkSpelling(_ place: Place, _ schema: Schema) {
        guard let keys = place.node.mapping?.keys,
            keys.contains(where: { $0.string.map(schema.names.contains) == false })
        else { return }
        for (key, value) in place.fields {
            guard let name = key.string, !schema.names.contains(name) else { continue }
            let reason: String
            if let meant = name.nearest(of: schema.names.sorted()) {
                misspelled.insert(place.path(of: meant))
                reason = "there is no such field; did you mean \(meant)?"
            } else if let home = kind.flatMap({ Schema.home(of: name, in: $0) }) {
                reason = "there is no such field here; it belongs to \(home)"
            } else {
                continue
            }
            let line = key.mark?.line ?? value.line
            errors.append(FileError(line: line, field: value.path, reason: reason))
        }
    }

    /// An object, or nil if there is none.
    mutating func object(_ place: Place?, _ schema: Schema? = nil) -> Place? {
        guard let place else { return nil }
        guard let mapping = place.node.mapping else {
            refuse(place, "must be an object, not \(place.node.shown)")
            return nil
        }
        // As a field it would be ignored, and its contents would be missing.
        if let merge = mapping.keys.first(where: { $0.scalar?.style == .plain && $0.string == "<<" }) {
            refuse(FileError(line: merge.mark?.line, field: place.path(of: "<<"), reason: "can't be merged here"))
        }
        if let schema { checkSpelling(place, schema) }
        return place
    }

    /// The elements of a list, or none if there is no list.
    mutating func list(_ place: Place?) -> [Place] {
        guard let place else { return [] }
        guard place.node.sequence != nil else {
            refuse(place, "must be a list, not \(place.node.shown)")
            return []
        }
        return place.elements
    }

    /// The elements of a list in an object. It must not be empty.
    mutating func list(_ name: String, requiredIn object: Place) -> [Place] {
        let place = object.field(name)
        if place?.node.sequence?.isEmpty ?? (place == nil) { refuse(object, lacks: name) }
        return list(place)
    }
}

extension Place {
    /// The field with a name, if it has a value.
    func field(_ name: String) -> Place? {
        guard let place = self[name], place.node.scalar?.isNull != true else { return nil }
        return place
    }

    /// The field with a name, if it has a value that is not the empty text, which is the same as none in Kubernetes.
    func filled(_ name: String) -> Place? {
        guard let place = field(name), place.scalarText != "" else { return nil }
        return place
    }

    /// The text of a scalar of any type.
    var scalarText: String? { node.scalar?.string }
}
