internal import Foundation

extension JSON {
    /// Appends the value as compact JSON text, with the members of objects in the order of their names.
    ///
    /// It writes tens of thousands of objects in a moment, even in a debug build, which `JSONEncoder` does not.
    func write(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .bool(let bool): text += bool ? "true" : "false"
        case .integer(let integer): text += String(integer)
        case .number(let number): text += number.description
        case .string(let string): JSON.write(string, to: &text)
        case .array(let elements):
            var separator = "["
            for element in elements {
                text += separator
                element.write(to: &text)
                separator = ","
            }
            text += elements.isEmpty ? "[]" : "]"
        case .object(let members):
            text += "{"
            JSON.write(members, to: &text)
            text += "}"
        }
    }

    /// Appends members without the braces around them.
    static func write(_ members: [String: JSON], to text: inout String) {
        var separator = ""
        for name in members.keys.sorted() {
            text += separator
            write(name, to: &text)
            text += ":"
            members[name]?.write(to: &text)
            separator = ","
        }
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        // Nearly no string has a character to escape, and C's function finds out at once, whatever the build.
        let isPlain = string.withCString { strcspn($0, escaped) } == string.utf8.count
        if isPlain { text += string } else { writeEscaped(string, to: &text) }
        text += "\""
    }

    private static func writeEscaped(_ string: String, to text: inout String) {
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
    }

    private static let escaped =
        "\"\\" + String(String.UnicodeScalarView((1..<0x20).compactMap { Unicode.Scalar($0 as UInt32) }))
}
