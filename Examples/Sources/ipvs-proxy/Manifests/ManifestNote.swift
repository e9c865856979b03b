/// A part of a manifest that is valid but not served.
struct ManifestNote: Hashable, Sendable, CustomStringConvertible {
    let position: ManifestPosition

    /// The object and what is not served, which stays the same if the object moves in its file.
    let sentence: String

    /// The object and the cause, which stay the same if other examples of the same cause are in the sentence.
    private let cause: String

    /// Whether the author of the manifest probably expects it to be served.
    let isWarning: Bool

    /// Whether it follows from other objects, or from their absence.
    let isOfSeveral: Bool

    init(_ sentence: String, at position: ManifestPosition, isWarning: Bool, isOfSeveral: Bool = false) {
        self.position = position
        self.sentence = sentence
        self.isWarning = isWarning
        self.isOfSeveral = isOfSeveral
        cause = sentence
    }

    /// Identifies what is logged once.
    struct Key: Hashable {
        let cause: String
        let isWarning: Bool
    }

    var key: Key { Key(cause: cause, isWarning: isWarning) }

    /// `FILE:LINE: sentence`.
    var description: String { "\(position): \(sentence)" }
}

extension ManifestNote {
    /// A note about an object.
    init(_ note: Fields.Note, of title: String, at position: ManifestPosition) {
        self.position = ManifestPosition(file: position.file, line: note.line ?? position.line)
        sentence = note.text(of: title)
        cause = note.cause.map { "\(title): \($0)" } ?? sentence
        isWarning = note.isWarning
        isOfSeveral = false
    }
}
