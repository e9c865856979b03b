import VisibleText

// Types that have a text form are coded as a single string in that form.

extension StringProtocol {
    /// Whether two strings are equal if the case of ASCII letters is ignored.
    func equalsIgnoringCase(_ other: some StringProtocol) -> Bool {
        func folded(_ byte: UInt8) -> UInt8 {
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
        }
        return utf8.lazy.map(folded).elementsEqual(other.utf8.lazy.map(folded))
    }
}

extension Decoder {
    func decodeText<Value: LosslessStringConvertible>() throws -> Value {
        let container = try singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Value(text) else {
            // Includes the enclosing types, as "Mask" alone would be ambiguous.
            let name = String(reflecting: Value.self).split(separator: ".").dropFirst().joined(separator: ".")
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "\(text.quoted) is not a valid \(name)"
            )
        }
        return value
    }
}

extension Encoder {
    func encodeText(_ value: some LosslessStringConvertible) throws {
        var container = singleValueContainer()
        try container.encode(value.description)
    }
}
