/// An attribute's place in the bytes that it was found in.
public struct Attribute {
    public let set: AttributeSet
    public let type: Int
    public let payload: Range<Int>

    @inlinable
    init(set: AttributeSet, type: Int, payload: Range<Int>) {
        (self.set, self.type, self.payload) = (set, type, payload)
    }

    @inline(never)
    public func malformed(_ problem: @autoclosure () -> String) -> MalformedReply { set.malformed(type, problem()) }

    @inline(never)
    @usableFromInline
    func wrongSize(_ size: Int) -> MalformedReply {
        malformed("has \(payload.count) bytes instead of \(size)")
    }
}

/// Steps through the attributes of a message or of a nested attribute, and never beyond its end.
///
/// It holds places, not bytes; so it can be kept where a span can't.
public struct AttributeCursor {
    @usableFromInline let set: AttributeSet
    @usableFromInline var offset: Int

    @inlinable
    public init(_ set: AttributeSet, from offset: Int = 0) {
        self.set = set
        self.offset = offset
    }

    /// The next attribute, or nil at the end. `bytes` are the same at each call.
    @inlinable
    @inline(__always)
    public mutating func next(in bytes: RawSpan) throws(MalformedReply) -> Attribute? {
        let left = bytes.byteCount - offset
        guard left > 0 else { return nil }
        guard left >= Framing.attributeHeaderLength else { throw strayBytes(left) }
        let length = Int(bytes.integer(at: offset, as: UInt16.self))
        let type = Int(bytes.integer(at: offset + 2, as: UInt16.self)) & Framing.attributeTypeMask
        guard length >= Framing.attributeHeaderLength, length <= left else {
            throw wrongLength(type, length, left)
        }
        let attribute = Attribute(
            set: set,
            type: type,
            payload: offset + Framing.attributeHeaderLength..<offset + length
        )
        offset += Framing.aligned(length)
        return attribute
    }

    @inline(never)
    @usableFromInline
    func strayBytes(_ count: Int) -> MalformedReply {
        MalformedReply(attribute: set.name(of: 0), problem: "is followed by \(count) stray bytes")
    }

    @inline(never)
    @usableFromInline
    func wrongLength(_ type: Int, _ length: Int, _ left: Int) -> MalformedReply {
        set.malformed(type, "has a length of \(length) where \(left) bytes are left")
    }
}
