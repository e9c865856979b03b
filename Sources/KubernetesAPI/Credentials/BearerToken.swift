import FoundationEssentials

/// The form of bearer tokens.
enum BearerToken {
    /// The token that a text has, without white space around it; nil if it is not one that a header can have.
    static func checked(_ text: String) -> Secret? {
        let bytes = text.utf8.drop { isSpace($0) }
        let end = bytes.lastIndex { !isSpace($0) }.map { bytes.index(after: $0) } ?? bytes.startIndex
        let token = bytes[..<end]
        guard !token.isEmpty, token.allSatisfy({ (0x21...0x7e).contains($0) }) else { return nil }
        return Secret(Array(token))
    }

    private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0a, 0x0d].contains(byte) }
}

extension Date {
    /// The time that a text in the format of RFC 3339 has; nil if it is not one.
    init?(timestamp text: String) {
        let style = Date.ISO8601FormatStyle()
        guard
            let date = (try? style.parse(text))
                ?? (try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text))
        else { return nil }
        self = date
    }
}
