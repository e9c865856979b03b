/// The errors in a file, in the order of its lines.
package struct FileErrors: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file's name as the user gave it.
    package let file: String
    private let all: Several<FileError>

    /// The first ones.
    package var errors: [FileError] { all.first }

    package init(_ file: String, _ errors: Several<FileError>) {
        self.file = file
        all = errors.sorted { ($0.line ?? 0) < ($1.line ?? 0) }
    }

    /// A line for each error, up to the first of many: `FILE:LINE: FIELD: sentence`.
    package var description: String { all.lines { $0.text(in: file) }.joined(separator: "\n") }
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

    /// `FILE:LINE: OBJECT: FIELD: sentence`, without unknown parts.
    package func text(in file: String, _ object: String? = nil) -> String {
        // An empty name comes from a variable that isn't set.
        let name = file.isEmpty ? "\"\"" : file.visible(upTo: 500)
        let place = [name, line.map(String.init)].compactMap(\.self).joined(separator: ":")
        let field = field?.visible(upTo: 200)
        let line = [place, object?.visible(upTo: 200), field, reason].compactMap(\.self).joined(separator: ": ")
        // A reason may repeat what has line breaks.
        return line.visible(upTo: Console.longestLine)
    }
}
