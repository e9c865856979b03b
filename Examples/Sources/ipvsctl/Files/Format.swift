import ArgumentParser
import Foundation

/// A form that tables are written in.
enum Format: String, CaseIterable, ExpressibleByArgument {
    case json, yaml, ipvsadm

    /// The form that a file's name tells; nil if it tells none.
    init?(path: String) {
        switch URL(filePath: path).pathExtension.lowercased() {
        case "json": self = .json
        case "yaml", "yml": self = .yaml
        case "ipvsadm", "rules", "save": self = .ipvsadm
        default: return nil
        }
    }

    /// The form that a text looks like; nil for one without a word.
    init?(text: String) {
        let lines = text.split(whereSeparator: \.isNewline).lazy.map { $0.drop(while: \.isWhitespace) }
        guard let first = lines.first(where: { !$0.isEmpty && !$0.hasPrefix("#") }) else { return nil }
        let word = first.prefix { !$0.isWhitespace }
        if first.hasPrefix("{") || first.hasPrefix("[") {
            self = .json
        } else if word == "ipvsadm" || word != "-" && word != "---" && word.hasPrefix("-") {
            self = .ipvsadm
        } else {
            self = .yaml
        }
    }
}
