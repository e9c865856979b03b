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
        var roots: [Place] = []
        do throws(FileError) {
            try YAMLReader.read(text) { if roots.count < 2 { roots.append($0) } }
        } catch {
            throw TableFile.Refusal([error])
        }
        guard let root = roots.first, root.node.scalar?.isNull != true || roots.count > 1 else {
            throw TableFile.Refusal("is empty; it must have services, and services: [] is an empty table")
        }
        guard roots.count == 1 else {
            throw TableFile.Refusal(line: roots[1].line, "is a second document, but a table is a single one")
        }
        try self.init(root)
    }

    private init(_ root: Place) throws(TableFile.Refusal) {
        var reader = DocumentReader()
        self = reader.table(root)
        guard reader.errors.isEmpty else { throw TableFile.Refusal(reader.errors) }
    }
}
