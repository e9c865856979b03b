import Common
import IPVS

/// A file that holds a table.
struct TableFile {
    /// Its path; `-` is standard input.
    let path: String

    /// The form it is in; nil finds it out by the name, or else by what is in it.
    var format: Format?

    /// Its name for messages.
    private var name: String { path == "-" ? "standard input" : path }

    /// Reads the table, which is one that a kernel could take; otherwise everything that is wrong with it is told.
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

    /// All that is wrong with what was read.
    struct Refusal: Error {
        let errors: [FileError]

        init(_ errors: [FileError]) { self.errors = errors }

        /// The file as a whole is wrong, or one of its lines.
        init(line: Int? = nil, field: String? = nil, _ reason: String) {
            errors = [FileError(line: line, field: field, reason: reason)]
        }
    }
}
