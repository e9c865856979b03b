import Common

/// All that is wrong with some manifests.
struct ManifestErrors: Error, Hashable, Sendable {
    let errors: [ManifestError]
}

/// One thing that is wrong with a manifest.
struct ManifestError: Hashable, Sendable, CustomStringConvertible {
    let file: String

    /// The object it is about, such as `Service default/web`; nil if it is none.
    var object: String?

    /// Where it is in the file, and what it is.
    let error: FileError

    /// `FILE:LINE: OBJECT: FIELD: sentence`, without what is not known.
    var description: String {
        let place = [file, error.line.map(String.init)].compactMap(\.self).joined(separator: ":")
        return [place, object, error.field, error.reason].compactMap(\.self).joined(separator: ": ")
    }
}

/// Something in a manifest that is no error, but not served either.
struct ManifestNote: Hashable, Sendable, CustomStringConvertible {
    let file: String
    let line: Int?
    let sentence: String

    /// Whether the author of the manifest will have expected something else.
    let isWarning: Bool

    /// `FILE:LINE: sentence`.
    var description: String {
        "\([file, line.map(String.init)].compactMap(\.self).joined(separator: ":")): \(sentence)"
    }
}
