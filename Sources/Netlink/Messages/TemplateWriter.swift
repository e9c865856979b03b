/// Fills in the values in a copy of a template.
///
/// An encoder must put the same attributes with the same lengths as when the template was built. Otherwise
/// ``isComplete`` is false and the copy must not be used.
///
/// It refers to the memory of the template and of the copy. Both must outlive it.
@safe
public struct TemplateWriter: AttributeWriter, ~Copyable {
    @usableFromInline let copy: UnsafeMutableRawPointer
    @usableFromInline var next: UnsafePointer<RequestTemplate.Slot>
    @usableFromInline let end: UnsafePointer<RequestTemplate.Slot>
    @usableFromInline var matches = true

    /// Copies a template to memory that has enough space for it.
    @unsafe
    public init(_ template: RequestTemplate, to place: UnsafeMutableRawPointer) {
        unsafe self.init(bytes: template.bytes, slots: template.slots, to: place)
    }

    /// Copies the bytes of a template to memory that has enough space for them.
    @unsafe
    @inlinable
    @inline(__always)
    public init(
        bytes: UnsafeRawBufferPointer,
        slots: UnsafeBufferPointer<RequestTemplate.Slot>,
        to place: UnsafeMutableRawPointer
    ) {
        guard let start = bytes.baseAddress, let first = slots.baseAddress else {
            preconditionFailure("a template has a header, and a mark behind its slots")
        }
        unsafe place.copyMemory(from: start, byteCount: bytes.count)
        unsafe copy = place
        unsafe next = first
        unsafe end = first + slots.count
    }

    /// Whether all values of the template were put.
    @inlinable
    public var isComplete: Bool { unsafe matches && next == end }

    /// Puts an 8-bit integer.
    @inlinable
    @inline(__always)
    public mutating func put(_ attribute: Int, _ value: UInt8) { store(attribute, value) }

    /// Puts a 16-bit integer.
    @inlinable
    @inline(__always)
    public mutating func put(_ attribute: Int, _ value: UInt16) { store(attribute, value) }

    /// Puts a 32-bit integer.
    @inlinable
    @inline(__always)
    public mutating func put(_ attribute: Int, _ value: UInt32) { store(attribute, value) }

    /// Puts a NUL-terminated string.
    @inlinable
    @inline(__always)
    public mutating func put(_ attribute: Int, _ string: String) {
        guard let place = unsafe take(attribute, string.utf8.count + 1) else { return }
        // The terminating NUL is part of the template.
        var string = string
        string.withUTF8 { name in
            guard let start = name.baseAddress else { return }
            unsafe place.copyMemory(from: start, byteCount: name.count)
        }
    }

    /// Puts 16 bytes.
    @inlinable
    @inline(__always)
    public mutating func put(_ attribute: Int, _ bytes: SixteenBytes) {
        guard let place = unsafe take(attribute, 16) else { return }
        unsafe place.storeBytes(of: bytes.high.bigEndian, as: UInt64.self)
        unsafe place.storeBytes(of: bytes.low.bigEndian, toByteOffset: 8, as: UInt64.self)
    }

    /// Puts a pair of 32-bit integers.
    @inlinable
    @inline(__always)
    public mutating func put(_ attribute: Int, _ first: UInt32, _ second: UInt32) {
        guard let place = unsafe take(attribute, 8) else { return }
        unsafe place.storeBytes(of: first, as: UInt32.self)
        unsafe place.storeBytes(of: second, toByteOffset: 4, as: UInt32.self)
    }

    /// Puts a nested attribute with the attributes that `body` puts.
    @inlinable
    @inline(__always)
    public mutating func nest(_ attribute: Int, _ body: (inout TemplateWriter) -> Void) {
        _ = unsafe take(attribute, 0)
        body(&self)
        _ = unsafe take(RequestTemplate.Slot.endOfNest, 0)
    }

    @inlinable
    @inline(__always)
    mutating func store<Value: FixedWidthInteger & BitwiseCopyable>(_ attribute: Int, _ value: Value) {
        guard let place = unsafe take(attribute, MemoryLayout<Value>.size) else { return }
        unsafe place.storeBytes(of: value, as: Value.self)
    }

    /// The position of the next value, or nil if the template has another attribute there. The slot after the last
    /// value never matches.
    @unsafe
    @inlinable
    @inline(__always)
    mutating func take(_ attribute: Int, _ length: Int) -> UnsafeMutableRawPointer? {
        let slot = unsafe next.pointee
        guard slot.attribute == Int16(truncatingIfNeeded: attribute), slot.length == UInt16(truncatingIfNeeded: length)
        else {
            matches = false
            return nil
        }
        unsafe next += 1
        return unsafe copy + Int(slot.offset)
    }
}
