import Yams

/// Reads YAML documents.
package enum YAMLReader {
    /// Reads the documents of a text, one by one. An error leaves out the documents behind it.
    package static func read(_ text: String, document: (Place) -> Void) throws(FileError) {
        try YAMLEvents.check(text)
        do {
            // The types of values are not inferred; they depend on the field.
            let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
            let lines = text.yamlLines
            while let root = try parser.nextRoot() { document(Place(root: root, lastLine: lines)) }
        } catch let error as YamlError {
            throw FileError(error, in: text)
        } catch {
            throw FileError(reason: "can't be read: \("\(error)".abbreviated)")
        }
    }
}
