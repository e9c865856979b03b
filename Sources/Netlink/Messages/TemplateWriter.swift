/// Fills a copy of a template. What an encoder puts must be what it put when the template was built; if it is not, the
/// copy is not to be used.
///
/// It refers to the template's memory and the copy's, which must both outlive it.
@safe
public struct TemplateWriter: AttributeWriter, ~Copyable {
    @usableFromInline let copy: UnsafeMutableRawPointer
    @usableFromInline var next: UnsafePointer<RequestTemplate.Slot>
    @usableFromInline let end: UnsafePointer<RequestTemplate.Slot>
    @usableFromInline var matches = true

    /// Copies a template to a place with room for it.
    @unsafe
    public init(_ template: RequestTemplate, to place: UnsafeMutableRawPointer) {
        unsafe self.init(bytes: template.bytes, slots: template.slots, to: place)
    }

    /// Copies the bytes of a template, whose slots these are, to a place with room for them.
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

    /// Whether each value has found its place.
    @inlinable
    public var isComplete: Bool { unsafe matches && next == end }

    @inlinable
    @inline(__always)
    public mutating func put(_ attribute: Int, _ value: UInt8) { store(attribute, value) }

    @inlinable
    @inline(__always)
    public mutating func put(_ attribute: Int, _ value: UInt16) { store(attribute, value) }

    @inlinable
    @inline(__always)
    public mutating func put(_ attribute: Int, _ value: UInt32) { store(attribute, value) }

    @inlinable
    @inline(__always)
    public mutating func put(_ attribute: Int, _ string: String) {
        guard let place = unsafe take(attribute, string.utf8.count + 1) else { return }
        // The NUL at the end is the template's.
        var string = string
        string.withUTF8 { name in
            guard let start = name.baseAddress else { return }
            unsafe place.copyMemory(from: start, byteCount: name.count)
        }
    }

    @inlinable
    @inline(__always)
    public mutating func put(_ attribute: Int, _ bytes: SixteenBytes) {
        guard let place = unsafe take(attribute, 16) else { return }
        unsafe place.storeBytes(of: bytes.high.bigEndian, as: UInt64.self)
        unsafe place.storeBytes(of: bytes.low.bigEndian, toByteOffset: 8, as: UInt64.self)
    }

    @inlinable
    @inline(__always)
    public mutating func put(_ attribute: Int, _ first: UInt32, _ second: UInt32) {
        guard let place = unsafe take(attribute, 8) else { return }
        unsafe place.storeBytes(of: first, as: UInt32.self)
        unsafe place.storeBytes(of: second, toByteOffset: 4, as: UInt32.self)
    }

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

    /// Where the next value belongs; nil if the template has another one there. After the last one there is always
    /// another one: the mark of the end.
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
