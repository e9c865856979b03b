/// The position of an attribute in the bytes that contain it.
public struct Attribute {
    /// The set that the attribute belongs to.
    public let set: AttributeSet

    /// The number of the attribute.
    public let type: Int

    /// The position of its value.
    public let payload: Range<Int>

    @inlinable
    init(set: AttributeSet, type: Int, payload: Range<Int>) {
        (self.set, self.type, self.payload) = (set, type, payload)
    }

    /// An error about the value of this attribute.
    @inline(never)
    public func malformed(_ problem: @autoclosure () -> String) -> MalformedReply { set.malformed(type, problem()) }

    @inline(never)
    @usableFromInline
    func wrongSize(_ size: Int) -> MalformedReply {
        malformed("has \(payload.count) bytes instead of \(size)")
    }
}

/// Iterates over the attributes of a message or of a nested attribute, within its bounds.
///
/// It holds positions, not bytes, so it can be stored where a span can't.
public struct AttributeCursor {
    @usableFromInline let set: AttributeSet
    @usableFromInline var offset: Int

    /// A cursor over the attributes of a set, from an offset on.
    @inlinable
    public init(_ set: AttributeSet, from offset: Int = 0) {
        self.set = set
        self.offset = offset
    }

    /// The next attribute, or nil at the end. `bytes` must be the same in each call.
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
