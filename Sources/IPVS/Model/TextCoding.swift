// Types that have a textual form are coded as it: one string, the same one that people type.

extension StringProtocol {
    /// Whether two texts are the same but for the case of ASCII's letters; no other letter is another's equal.
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
            // With the type around a nested one: "Mask" alone would not say of what.
            let name = String(reflecting: Value.self).split(separator: ".").dropFirst().joined(separator: ".")
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "\"\(text)\" is not a valid \(name)"
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
