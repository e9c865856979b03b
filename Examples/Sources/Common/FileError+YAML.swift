import Foundation
package import Yams

extension FileError {
    /// The error of Yams for an invalid document.
    package init(_ error: YamlError, in text: String) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let reason = [context?.text, problem].compactMap(\.self).joined(separator: ", ")
            let line = min(mark.line, text.yamlLines)
            self.init(line: line, reason: "can't be read: \(reason)\(Self.hint(text, line))")
        case .duplicatedKeysInMapping(let names, let context):
            let reason = "is there twice in one object"
            let field = names.sorted().prefix(5).joined(separator: ", ")
            self.init(line: min(context.mark.line, text.yamlLines), field: field, reason: reason)
        case .reader(let problem, _, let value, _):
            // The offset is one of characters, and what is refused can be the second half of one.
            let place = text.unicodeScalars.firstIndex { $0.value == UInt32(bitPattern: value) }
            self.init(line: place.map { text[..<$0].yamlLines }, reason: "can't be read: \(problem)")
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

extension StringProtocol {
    /// The number of lines, with all of YAML's ends of lines. libyaml counts one more in a text that ends without.
    var yamlLines: Int {
        var count = 1
        var last: Unicode.Scalar?
        for scalar in unicodeScalars {
            switch scalar {
            case "\n" where last == "\r": break
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": count += 1
            default: break
            }
            last = scalar
        }
        return count
    }
}
