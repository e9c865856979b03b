import Common
import IPVS
import Yams

// In JSON and in YAML a table has one form, the library's own. Both become nodes of Yams, each with its line.

extension Table {
    /// Reads a table from a document in JSON.
    init(json text: String) throws(TableFile.Refusal) {
        let root: Place
        do throws(FileError) {
            root = try JSONReader.read(text)
        } catch {
            throw TableFile.Refusal([error])
        }
        try self.init(root)
    }

    /// Reads a table from a document in YAML: a single one, which may have anchors and aliases, but no merge keys.
    init(yaml text: String) throws(TableFile.Refusal) {
        guard let root = try Self.compose(text) else { throw TableFile.Refusal("is empty; it must have services") }
        try self.init(Place(root: root))
    }

    private init(_ root: Place) throws(TableFile.Refusal) {
        var reader = DocumentReader()
        self = reader.table(root)
        guard reader.errors.isEmpty else { throw TableFile.Refusal(reader.errors) }
    }

    private static func compose(_ text: String) throws(TableFile.Refusal) -> Node? {
        do {
            // The types of values are not inferred; they depend on the field.
            return try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
        } catch let error as YamlError {
            throw TableFile.Refusal([FileError(error, in: text)])
        } catch {
            throw TableFile.Refusal("\(error)")
        }
    }
}
