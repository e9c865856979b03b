// Input in messages. It can be of any length, and have control characters that confuse a terminal or a reader.

extension String {
    /// The text in quotes for a message, without control characters, and cut off if it is long.
    package var quoted: String { "\"\(visible(upTo: 60))\"" }

    /// The text with escapes instead of characters that aren't visible. An ellipsis replaces what is behind a number of
    /// characters.
    package func visible(upTo limit: Int) -> String {
        // Most texts are plain.
        if utf8.count <= limit, utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) { return self }
        var text = ""
        for (count, scalar) in unicodeScalars.enumerated() {
            guard count < limit else { return text + "…" }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                text += "\\u{\(String(scalar.value, radix: 16))}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
