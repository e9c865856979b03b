import Foundation
package import Yams

extension FileError {
    /// The error of Yams for an invalid document.
    package init(_ error: YamlError, in text: String) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let reason = [context?.text, problem].compactMap(\.self).joined(separator: ", ")
            self.init(line: mark.line, reason: "can't be read: \(reason)\(Self.hint(text, mark.line))")
        case .duplicatedKeysInMapping(let names, let context):
            let reason = "is there twice in one object"
            let field = names.sorted().prefix(5).joined(separator: ", ")
            self.init(line: context.mark.line, field: field, reason: reason)
        case .reader(let problem, let offset, _, _):
            let line = offset.map { text.prefix($0).count(where: \.isNewline) + 1 }
            self.init(line: line, reason: "can't be read: \(problem)")
        default:
            self.init(reason: "can't be read: \("\(error)".abbreviated)")
        }
    }

    /// A bracket begins a list in YAML, which is a frequent mistake with IPv6 addresses.
    private static func hint(_ text: String, _ line: Int) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let near = lines.dropFirst(max(line - 2, 0)).prefix(2)
        guard near.contains(where: { $0.contains(/:\s+\[[0-9A-Fa-f:.]+\]:\d+/) }) else { return "" }
        return "; put an address in brackets into quotes, as in \"[fd00::1]:443\""
    }
}
