import Common
import IPVS

/// A file that holds a table.
struct TableFile {
    /// Its path; `-` is standard input.
    let path: String

    /// The format, or nil to determine it from the name or the content.
    var format: Format?

    /// Its name for messages.
    private var name: String { path == "-" ? "standard input" : path }

    /// Reads the table. If it has values that no kernel accepts, all errors are reported.
    func read() throws(FileErrors) -> Table {
        do throws(Refusal) {
            let text: String
            do throws(FileError) {
                text = try TextFile.read(path)
            } catch {
                throw Refusal([error])
            }
            let format = self.format ?? Format(path: path) ?? Format(text: text)
            switch format {
            case .json: return try Table(json: text)
            case .yaml: return try Table(yaml: text)
            case .ipvsadm: return try Table(saved: text)
            case nil: throw Refusal("is empty, and so may be any form; --format ipvsadm would make it an empty table")
            }
        } catch {
            throw FileErrors(name, error.errors)
        }
    }

    /// All errors in the contents.
    struct Refusal: Error {
        let errors: [FileError]

        init(_ errors: [FileError]) { self.errors = errors }

        /// An error of the whole file or of one of its lines.
        init(line: Int? = nil, field: String? = nil, _ reason: String) {
            errors = [FileError(line: line, field: field, reason: reason)]
        }
    }
}
