/// All errors in a file, in the order of its lines.
package struct FileErrors: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file's name as the user gave it.
    package let file: String
    package let errors: [FileError]

    package init(_ file: String, _ errors: [FileError]) {
        self.file = file
        self.errors = errors.sorted { ($0.line ?? 0) < ($1.line ?? 0) }
    }

    /// A line for each error: `FILE:LINE: FIELD: sentence`.
    package var description: String {
        errors.map { error in
            let place = [file, error.line.map(String.init)].compactMap(\.self).joined(separator: ":")
            return [place, error.field, error.reason].compactMap(\.self).joined(separator: ": ")
        }.joined(separator: "\n")
    }
}

/// An error in a file.
package struct FileError: Error, Hashable, Sendable {
    /// The number of the line, starting with 1, or nil for an error of the whole file.
    package var line: Int?

    /// The field, such as `services[0].realServers[1].weight`.
    package var field: String?

    /// The error as a sentence.
    package var reason: String

    package init(line: Int? = nil, field: String? = nil, reason: String) {
        self.line = line
        self.field = field
        self.reason = reason
    }
}
