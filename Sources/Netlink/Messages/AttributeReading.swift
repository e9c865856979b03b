extension RawSpan {
    /// An integer in host byte order. Callers must check the bounds; an access out of bounds traps.
    @inlinable
    @inline(__always)
    public func integer<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as _: Value.Type) -> Value {
        // Unsafe for types that have invalid bit patterns, which integers don't. The bounds are checked.
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: Value.self)
    }

    /// The value of an attribute as an integer in host byte order. Its length must be that of the type.
    @inlinable
    @inline(__always)
    public func read<Value: FixedWidthInteger & BitwiseCopyable>(
        _ attribute: Attribute,
        as type: Value.Type
    ) throws(MalformedReply) -> Value {
        guard attribute.payload.count == MemoryLayout<Value>.size else {
            throw attribute.wrongSize(MemoryLayout<Value>.size)
        }
        return integer(at: attribute.payload.lowerBound, as: type)
    }

    /// The value of an attribute as a pair of 32-bit integers.
    @inlinable
    public func readPair(_ attribute: Attribute) throws(MalformedReply) -> (first: UInt32, second: UInt32) {
        guard attribute.payload.count == 8 else { throw attribute.wrongSize(8) }
        let start = attribute.payload.lowerBound
        return (integer(at: start, as: UInt32.self), integer(at: start + 4, as: UInt32.self))
    }

    /// The value of an attribute as a string, without NULs at its end.
    public func readString(_ attribute: Attribute) throws(MalformedReply) -> String {
        var end = attribute.payload.upperBound
        while end > attribute.payload.lowerBound, integer(at: end - 1, as: UInt8.self) == 0 { end -= 1 }
        let bytes = extracting(attribute.payload.lowerBound..<end)
        guard let text = unsafe bytes.withUnsafeBytes({ unsafe String(validating: $0, as: UTF8.self) }),
            !text.utf8.contains(0)
        else { throw attribute.malformed("is not a text") }
        return text
    }

    /// The value of an attribute as 16 bytes.
    @inlinable
    @inline(__always)
    public func readSixteenBytes(_ attribute: Attribute) throws(MalformedReply) -> SixteenBytes {
        guard attribute.payload.count == 16 else { throw attribute.wrongSize(16) }
        let start = attribute.payload.lowerBound
        return SixteenBytes(
            high: UInt64(bigEndian: integer(at: start, as: UInt64.self)),
            low: UInt64(bigEndian: integer(at: start + 8, as: UInt64.self))
        )
    }
}

/// The value of an attribute with 16 bytes in network order, such as an address.
public struct SixteenBytes: Hashable, Sendable {
    /// The first eight bytes.
    public let high: UInt64

    /// The last eight bytes.
    public let low: UInt64

    /// The value of two halves.
    @inlinable
    public init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }
}
