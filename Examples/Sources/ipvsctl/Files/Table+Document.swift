import Common
import IPVS
import Yams

// In JSON and in YAML a table has one form, the library's own. Both are read as YAML, of which JSON is a part, by Yams,
// which knows the line of everything.

extension Table {
    /// Reads a table from a document in JSON or YAML: a single one, which may have anchors and aliases, but no merge keys.
    init(document text: String) throws(TableFile.Refusal) {
        guard let root = try Self.compose(text) else { throw TableFile.Refusal("is empty; it must have services") }
        var reader = DocumentReader()
        self = reader.table(Place(root: root))
        guard reader.errors.isEmpty else { throw TableFile.Refusal(reader.errors) }
    }

    private static func compose(_ text: String) throws(TableFile.Refusal) -> Node? {
        do {
            // Nothing is guessed of a value's type: what a field takes decides that.
            return try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
        } catch let error as YamlError {
            throw TableFile.Refusal([FileError(error, in: text)])
        } catch {
            throw TableFile.Refusal("\(error)")
        }
    }
}
