import Common

/// The errors in manifests.
struct ManifestErrors: Error, Hashable, Sendable {
    let all: Several<ManifestError>

    /// The first ones.
    var errors: [ManifestError] { all.first }

    /// A line for each error, up to the first of many.
    var lines: [String] { all.lines(\.description) }
}

/// An error in a manifest.
struct ManifestError: Hashable, Sendable, CustomStringConvertible {
    let file: String

    /// The object that it is about, such as `Service default/web`, or nil.
    var object: String?

    /// The place in the file, and the error.
    let error: FileError

    /// `FILE:LINE: OBJECT: FIELD: sentence`, without unknown parts.
    var description: String { error.text(in: file, object) }
}

/// A place in a file.
struct ManifestPosition: Hashable, Sendable, CustomStringConvertible {
    let file: String
    let line: Int?

    /// `FILE:LINE`.
    var description: String { [file, line.map(String.init)].compactMap(\.self).joined(separator: ":") }
}
