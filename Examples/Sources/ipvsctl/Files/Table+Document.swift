import Foundation
import IPVS
import Yams

// In JSON and in YAML a table has one form, the library's own. Both become nodes of Yams, each with its line.

extension Table {
    /// Reads a table from a document in JSON.
    init(json text: String) throws(TableFile.Refusal) {
        let (root, lines) = try JSONReader.read(text)
        try self.init(Place(root: root, lines))
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
            // Nothing is guessed of a value's type: what a field takes decides that.
            return try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
        } catch let error as YamlError {
            throw TableFile.Refusal([FileError(error, in: text)])
        } catch {
            throw TableFile.Refusal("\(error)")
        }
    }
}

extension FileError {
    /// What Yams says of a text that is not YAML.
    fileprivate init(_ error: YamlError, in text: String) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let reason = [context?.text, problem].compactMap(\.self).joined(separator: ", ")
            self.init(line: mark.line, reason: "can't be read: \(reason)\(Self.hint(text, mark.line))")
        case .duplicatedKeysInMapping(let names, let context):
            let reason = "is there twice in one object"
            self.init(line: context.mark.line, field: names.sorted().joined(separator: ", "), reason: reason)
        case .reader(let problem, let offset, _, _):
            let line = offset.map { text.prefix($0).count(where: \.isNewline) + 1 }
            self.init(line: line, reason: "can't be read: \(problem)")
        default:
            self.init(reason: "can't be read: \(error)")
        }
    }

    /// A bracket begins a list in YAML, which is easily forgotten with an address of IPv6.
    private static func hint(_ text: String, _ line: Int) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let near = lines.dropFirst(max(line - 2, 0)).prefix(2)
        guard near.contains(where: { $0.contains(/:\s+\[[0-9A-Fa-f:.]+\]:\d+/) }) else { return "" }
        return "; put an address in brackets into quotes, as in \"[fd00::1]:443\""
    }
}
