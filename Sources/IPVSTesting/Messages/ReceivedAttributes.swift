import Netlink

/// What the kernel requires of an attribute's value before it looks at it.
package enum AttributeRule: Hashable {
    /// An integer of a size, or more bytes, of which the first are used.
    case integer(bytes: Int)
    /// At most this many bytes.
    case atMost(bytes: Int)
    /// At least this many bytes.
    case atLeast(bytes: Int)
    /// A text of at most this many bytes, with a NUL behind it.
    case text(upTo: Int)
    /// Attributes, or nothing.
    case nest
}

/// A set of attributes: the rules for their values, and the highest number that the kernel knows.
package struct AttributePolicy {
    let last: Int
    let rules: [Int: AttributeRule]

    package init(last: Int, _ rules: [Int: AttributeRule]) { (self.last, self.rules) = (last, rules) }
}

/// An error that the kernel answers with.
package struct Refusal: Error, Hashable {
    package var errno: Int32

    /// The text of the extended acknowledgement.
    var text: String?

    /// The attribute that is to blame.
    var culprit: Culprit?

    package struct Culprit: Hashable {
        /// Its position, from the beginning of the message.
        var offset: Int

        /// The rule that it breaks.
        let rule: AttributeRule
    }

    package init(_ errno: Int32, text: String? = nil, culprit: Culprit? = nil) {
        (self.errno, self.text, self.culprit) = (errno, text, culprit)
    }
}

/// Attributes as the kernel reads them: unknown ones are skipped, and of two with the same number the last one counts.
package struct ReceivedAttributes {
    /// A remark about bytes that are no attribute, which the kernel ignores otherwise.
    private(set) var remark: String?

    private var payloads: [Int: ArraySlice<UInt8>] = [:]

    /// Reads the attributes in a part of a message.
    ///
    /// - Throws: `Refusal` for a value that breaks its rule.
    package init(_ bytes: ArraySlice<UInt8>, _ policy: AttributePolicy) throws(Refusal) {
        var rest = bytes
        while rest.count >= Framing.attributeHeaderLength {
            let length = Int(rest.integer(at: 0, as: UInt16.self))
            guard length >= Framing.attributeHeaderLength, length <= rest.count else { break }
            let type = Int(rest.integer(at: 2, as: UInt16.self)) & Framing.attributeTypeMask
            let payload = rest.prefix(length).dropFirst(Framing.attributeHeaderLength)
            if (1...policy.last).contains(type) {
                if let rule = policy.rules[type], let errno = rule.errno(for: payload) {
                    let culprit = Refusal.Culprit(offset: rest.startIndex, rule: rule)
                    throw Refusal(errno, text: "Attribute failed policy validation", culprit: culprit)
                }
                payloads[type] = payload
            }
            rest = rest.dropFirst(Framing.aligned(length))
        }
        if !rest.isEmpty { remark = "bytes leftover after parsing attributes" }
    }

    /// The value of an attribute.
    package subscript(type: Int) -> ArraySlice<UInt8>? { payloads[type] }

    /// The value of an attribute whose rule is an integer.
    package func integer<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Int, as _: Value.Type) -> Value? {
        payloads[type]?.integer(at: 0, as: Value.self)
    }

    /// The value of an attribute, filled up with zeros.
    func filledBytes(_ type: Int, count: Int) -> [UInt8]? {
        payloads[type].map { Array($0) + [UInt8](repeating: 0, count: count - $0.count) }
    }

    /// The value of an attribute with an address.
    func address(_ type: Int) -> SixteenBytes? {
        guard let filled = filledBytes(type, count: 16)?[...] else { return nil }
        return SixteenBytes(
            high: UInt64(bigEndian: filled.integer(at: 0, as: UInt64.self)),
            low: UInt64(bigEndian: filled.integer(at: 8, as: UInt64.self))
        )
    }

    /// The value of an attribute whose rule is a text, up to its first NUL.
    package func text(_ type: Int) -> String? {
        payloads[type].map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

extension AttributeRule {
    /// The error for a value that breaks the rule.
    fileprivate func errno(for payload: ArraySlice<UInt8>) -> Int32? {
        switch self {
        case .integer(let size): payload.count < size ? ERANGE : nil
        case .atMost(let most): payload.count > most ? ERANGE : nil
        case .atLeast(let least): payload.count < least ? ERANGE : nil
        case .text(let most): Self.errno(forText: payload, upTo: most)
        case .nest: (1..<Framing.attributeHeaderLength).contains(payload.count) ? ERANGE : nil
        }
    }

    private static func errno(forText payload: ArraySlice<UInt8>, upTo most: Int) -> Int32? {
        guard payload.prefix(most + 1).contains(0) else { return EINVAL }
        let length = payload.last == 0 ? payload.count - 1 : payload.count
        return length > most ? ERANGE : nil
    }
}

extension ArraySlice<UInt8> {
    /// An integer in host byte order. Callers must check the bounds.
    package func integer<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: Value.Type) -> Value {
        unsafe span.bytes.integer(at: offset, as: type)
    }
}
