import Yams

/// Reads a JSON document (strictly, by RFC 8259) into the nodes that a YAML document has.
///
/// Foundation's decoder doesn't provide line numbers, and YAML accepts more than JSON: trailing commas, unquoted names,
/// comments, and other escapes.
package struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1

    /// The path from the root to the value that is being read.
    private var way: [Step] = []

    private enum Step {
        case field(String)
        case element(Int)
    }

    // Shared by all nodes, as each instance would take a kilobyte.
    private let tags = (text: Tag(.str), number: Tag(.float), truth: Tag(.bool), null: Tag(.null))
    private let collections = (object: Tag(.map), list: Tag(.seq))
    private let number = /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/

    /// The document of a text.
    package static func read(_ text: String) throws(FileError) -> Place {
        var reader = JSONReader(bytes: Array(text.utf8))
        try reader.countValues()
        let (root, lines) = try reader.value()
        if reader.next != nil { throw reader.expected("the end of the file") }
        return Place(root: root, lines)
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// Skips white space and returns the next byte, or nil at the end.
    private var next: Unicode.Scalar? {
        mutating get {
            while let byte = peek {
                switch byte {
                case "\n": line += 1
                case " ", "\t", "\r": break
                default: return byte
                }
                position += 1
            }
            return nil
        }
    }

    /// The byte at the position, or nil at the end. All JSON syntax is ASCII.
    private var peek: Unicode.Scalar? { position < bytes.count ? Unicode.Scalar(bytes[position]) : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == character else { return false }
        position += 1
        return true
    }

    private mutating func value() throws(FileError) -> (Node, Lines) {
        switch next {
        case "{": return try nested { reader throws(FileError) in try reader.object() }
        case "[": return try nested { reader throws(FileError) in try reader.list() }
        case "\"":
            let start = Lines(line: line)
            return (.scalar(Node.Scalar(try string(), tags.text, .doubleQuoted)), start)
        default: return (.scalar(try word()), Lines(line: line))
        }
    }

    /// Refuses a text with too many values before they take memory. The names of fields count too.
    private func countValues() throws(FileError) {
        var (count, line) = (0, 1)
        var (isText, isEscaped) = (false, false)
        for byte in bytes {
            if isEscaped {
                isEscaped = false
            } else if isText {
                if byte == UInt8(ascii: "\\") { isEscaped = true }
                if byte == UInt8(ascii: "\"") { isText = false }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isText = true
                case UInt8(ascii: "\n"): line += 1
                // One of them is before each value but the first.
                case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: ","), UInt8(ascii: ":"):
                    count += 1
                    guard count < DocumentLimits.values else { throw .tooManyValues(line: line) }
                default: break
                }
            }
        }
    }

    private mutating func nested(
        _ read: (inout JSONReader) throws(FileError) -> (Node, Lines)
    ) throws(FileError) -> (Node, Lines) {
        guard way.count < DocumentLimits.depth else { throw .tooDeep(line: line) }
        position += 1
        return try read(&self)
    }

    /// The rest of an object after its brace.
    private mutating func object() throws(FileError) -> (Node, Lines) {
        var lines = Lines(line: line)
        var fields: [(Node, Node)] = []
        var names: Set<String> = []
        guard !take("}") else { return (Node(fields, collections.object), lines) }
        repeat {
            guard next == "\"" else { throw expected("a name in double quotes") }
            let start = line
            let name = try string()
            way.append(.field(name))
            guard names.insert(name).inserted else {
                throw FileError(line: start, field: path, reason: "is there twice in one object")
            }
            guard take(":") else { throw expected("a colon") }
            let (value, places) = try value()
            way.removeLast()
            fields.append((Node(name, tags.text, .doubleQuoted), value))
            lines.inside.append(places)
        } while take(",")
        guard take("}") else { throw expected("a comma or a closing brace") }
        return (Node(fields, collections.object), lines)
    }

    /// The rest of a list after its bracket.
    private mutating func list() throws(FileError) -> (Node, Lines) {
        var lines = Lines(line: line)
        var elements: [Node] = []
        guard !take("]") else { return (Node(elements, collections.list), lines) }
        repeat {
            way.append(.element(elements.count))
            let (value, places) = try value()
            way.removeLast()
            elements.append(value)
            lines.inside.append(places)
        } while take(",")
        guard take("]") else { throw expected("a comma or a closing bracket") }
        return (Node(elements, collections.list), lines)
    }

    /// The path of the value that is being read.
    private var path: String {
        way.reduce("") { path, step in
            switch step {
            case .field(let name): Place.path(path, name)
            case .element(let index): "\(path)[\(index)]"
            }
        }
    }

    /// A number, true, false or null.
    private mutating func word() throws(FileError) -> Node.Scalar {
        let start = position
        while let byte = peek, byte.isInWord { position += 1 }
        let word = String(decoding: bytes[start..<position], as: UTF8.self)
        switch word {
        case "null": return Node.Scalar(word, tags.null, .plain)
        case "true", "false": return Node.Scalar(word, tags.truth, .plain)
        case _ where word.wholeMatch(of: number) != nil:
            return Node.Scalar(word, tags.number, .plain)
        default:
            position = start
            throw word.isEmpty
                ? expected("a value") : error("\(word.abbreviated) is not a value; a text is in double quotes")
        }
    }
}

// MARK: - Texts

extension JSONReader {
    private mutating func string() throws(FileError) -> String {
        position += 1
        var text = ""
        // Strings without escapes are read at once.
        var start = position
        while let byte = peek {
            position += 1
            switch byte {
            case "\"": return text + plain(from: start)
            case "\\":
                text += plain(from: start)
                text.unicodeScalars.append(try escape())
                start = position
            case "\0"..<" ": throw error("a text has the end of the line or a control character in it")
            default: break
            }
        }
        throw error("expected closing quotes, not the end of the file")
    }

    /// The bytes of a text from somewhere to the one before the position.
    private func plain(from start: Int) -> String { String(decoding: bytes[start..<position - 1], as: UTF8.self) }

    /// The character for an escape sequence.
    private mutating func escape() throws(FileError) -> Unicode.Scalar {
        guard let byte = peek else { throw expected("the rest of an escape") }
        position += 1
        switch byte {
        case "\"", "\\", "/": return byte
        case "b": return "\u{8}"
        case "f": return "\u{c}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "u": return try unicode()
        default: throw error("\\\(String(byte).abbreviated) is no escape of JSON")
        }
    }

    /// A character by its number, or by those of two surrogates.
    private mutating func unicode() throws(FileError) -> Unicode.Scalar {
        let first = try codeUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard UTF16.isLeadSurrogate(first), bytes[position...].starts(with: Array("\\u".utf8)) else {
            throw error("a text has half of a pair of surrogates in it")
        }
        position += 2
        let second = try codeUnit()
        guard UTF16.isTrailSurrogate(second) else { throw error("a text has half of a pair of surrogates in it") }
        return UTF16.decode(UTF16.EncodedScalar([first, second]))
    }

    private mutating func codeUnit() throws(FileError) -> UInt16 {
        let digits = bytes[position...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
            let number = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw error("four hexadecimal digits belong behind \\u") }
        position += 4
        return number
    }
}

// MARK: - Errors

extension JSONReader {
    private func error(_ reason: String) -> FileError {
        FileError(line: line, reason: "can't be read as JSON: \(reason)")
    }

    private func expected(_ what: String) -> FileError {
        let rest = String(decoding: bytes[position...].prefix(16), as: UTF8.self)
        return error("expected \(what), not \(rest.first.map { String($0).quoted } ?? "the end of the file")")
    }
}

extension Unicode.Scalar {
    /// Whether it is a part of a number, true, false, null, or an invalid word.
    fileprivate var isInWord: Bool {
        self > "\u{7f}" || properties.isAlphabetic || properties.numericType != nil
            || "+-._".unicodeScalars.contains(self)
    }
}
