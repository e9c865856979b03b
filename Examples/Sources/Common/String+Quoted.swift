// Input in messages. It can be of any length, and have control characters that confuse a terminal or a reader. The library
// does the same for its own errors, but doesn't offer it to other packages.

extension StringProtocol {
    /// The text in quotes for a message: without control characters, and not longer than a part of a line.
    package var quoted: String { "\"\(abbreviated)\"" }

    /// The text for a message, like ``quoted`` but without quotes, for words such as the names of files.
    package var abbreviated: String { visible(upTo: 60) }

    /// The text with escapes instead of characters that aren't visible. From a number of characters on, an ellipsis
    /// replaces the rest.
    package func visible(upTo limit: Int) -> String {
        // No character has less than a byte, and most texts are plain.
        if utf8.count <= limit, utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) { return String(self) }
        var text = ""
        for (count, scalar) in unicodeScalars.enumerated() {
            guard count < limit else { return text + "…" }
            text += scalar.visible
        }
        return text
    }
}

extension Unicode.Scalar {
    /// The character, or its escape if it is a control character, changes the direction of text, or ends a line.
    fileprivate var visible: String {
        switch self {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        case " "..<"\u{7f}": String(self)
        default:
            switch properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: "\\u{\(String(value, radix: 16))}"
            default: String(self)
            }
        }
    }
}
