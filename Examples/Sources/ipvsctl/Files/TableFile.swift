import Common
import IPVS

/// A file that holds a table.
struct TableFile {
    /// Its path; `-` is standard input.
    let path: String

    /// The format, or nil to determine it from the name or the content.
    var format: Format?

    /// Its name for messages.
    private var name: String { TextFile.name(path) }

    /// Reads the table. If it has values that no kernel accepts, all errors are reported.
    func read() throws(FileErrors) -> Table {
        do throws(Refusal) {
            let text: String
            do throws(FileError) {
                text = try TextFile.read(path)
            } catch {
                throw Refusal([error])
            }
            if SaveForm.isListing(text) { throw Refusal(line: 1, SaveForm.listingHint) }
            let format = self.format ?? Format(path: path) ?? Format(text: text)
            switch format {
            case .json: return try Table(json: text)
            case .yaml: return try Table(yaml: text)
            // Only ipvsadm's form can be a comment alone.
            case .ipvsadm, nil: return try Table(saved: text)
            }
        } catch {
            throw FileErrors(name, error.errors)
        }
    }

    /// A file without contents is probably a failed export, and would delete all virtual servers.
    static let emptiness =
        "is empty; if there are to be no virtual servers, write services: [] or, for ipvsadm, a comment"

    /// All errors in the contents.
    struct Refusal: Error {
        let errors: Several<FileError>

        init(_ errors: Several<FileError>) { self.errors = errors }

        /// An error of the whole file or of one of its lines.
        init(line: Int? = nil, field: String? = nil, _ reason: String) {
            errors = [FileError(line: line, field: field, reason: reason)]
        }
    }
}
