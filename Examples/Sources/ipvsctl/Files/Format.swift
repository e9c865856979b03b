import ArgumentParser
import Foundation

/// A file format of tables.
enum Format: String, CaseIterable, ExpressibleByArgument {
    case json, yaml, ipvsadm

    /// The format that follows from a file name, or nil if none does.
    init?(path: String) {
        switch URL(filePath: path).pathExtension.lowercased() {
        case "json": self = .json
        case "yaml", "yml": self = .yaml
        case "ipvsadm", "rules", "save": self = .ipvsadm
        default: return nil
        }
    }

    /// The format that a text appears to have, or nil for one without words.
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
