/// A request that libnl has built, and the positions of its values.
///
/// Other requests of the same shape are copies with new values, which takes a tenth of the time.
@safe
public final class RequestTemplate: @unchecked Sendable {
    // Unchecked: its memory never changes.

    /// The result of one call of an encoder: an attribute, and the length and position of its value. The beginning and
    /// the end of a nested attribute are slots without a value.
    public struct Slot: Equatable, Sendable {
        /// The number of the attribute.
        public let attribute: Int16

        /// The length of the value in bytes.
        public let length: UInt16

        /// The offset of the value from the start of the message.
        public let offset: UInt32

        init(_ attribute: Int, length: Int, offset: Int) {
            self.attribute = Int16(truncatingIfNeeded: attribute)
            self.length = UInt16(truncatingIfNeeded: length)
            self.offset = UInt32(truncatingIfNeeded: offset)
        }

        /// The attribute number of the slot that ends a nested attribute.
        @inlinable public static var endOfNest: Int { -1 }

        /// Follows the last slot. No call of an encoder matches it.
        fileprivate static let end = Slot(-2, length: 0, offset: 0)
    }

    /// The request. The sender fills in its netlink header.
    @unsafe public let bytes: UnsafeRawBufferPointer

    /// The slots in their order.
    @unsafe public let slots: UnsafeBufferPointer<Slot>

    // Inlinable, as are the recorder's initializer and nests: an encoder that is not specialized takes milliseconds for its
    // first request.

    /// Builds the request with libnl. Returns nil if there is no memory for it.
    @inlinable
    public convenience init?(_ request: some NetlinkRequest) {
        guard var recorder = TemplateRecorder(request) else { return nil }
        request.put(into: &recorder)
        self.init(recorder)
    }

    @usableFromInline
    init(_ recorder: borrowing TemplateRecorder) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: recorder.count, alignment: 8)
        unsafe recorder.withBytes { unsafe copy.copyMemory(from: $0) }
        unsafe bytes = UnsafeRawBufferPointer(copy)
        let places = UnsafeMutableBufferPointer<Slot>.allocate(capacity: recorder.slots.count + 1)
        _ = unsafe places.initialize(from: recorder.slots + [.end])
        unsafe slots = UnsafeBufferPointer(rebasing: places.dropLast())
    }

    deinit {
        unsafe bytes.deallocate()
        unsafe slots.deallocate()
    }
}

/// Builds a message with libnl and records the positions of its values.
@usableFromInline
struct TemplateRecorder: AttributeWriter, ~Copyable {
    @usableFromInline var message: Message
    @usableFromInline var slots: [RequestTemplate.Slot] = []

    @inlinable
    init?(_ request: some NetlinkRequest) {
        guard var message = Message() else { return nil }
        request.begin(&message)
        self.message = message
    }

    var count: Int { message.count }

    func withBytes(_ body: (UnsafeRawBufferPointer) -> Void) { unsafe message.withBytes(body) }

    @usableFromInline
    mutating func put(_ attribute: Int, _ value: UInt8) {
        note(attribute, 1)
        message.put(attribute, value)
    }

    @usableFromInline
    mutating func put(_ attribute: Int, _ value: UInt16) {
        note(attribute, 2)
        message.put(attribute, value)
    }

    @usableFromInline
    mutating func put(_ attribute: Int, _ value: UInt32) {
        note(attribute, 4)
        message.put(attribute, value)
    }

    @usableFromInline
    mutating func put(_ attribute: Int, _ string: String) {
        note(attribute, string.utf8.count + 1)
        message.put(attribute, string)
    }

    @usableFromInline
    mutating func put(_ attribute: Int, _ bytes: SixteenBytes) {
        note(attribute, 16)
        message.put(attribute, bytes)
    }

    @usableFromInline
    mutating func put(_ attribute: Int, _ first: UInt32, _ second: UInt32) {
        note(attribute, 8)
        message.put(attribute, first, second)
    }

    @inlinable
    mutating func nest(_ attribute: Int, _ body: (inout TemplateRecorder) -> Void) {
        note(attribute, 0)
        let nest = message.beginNest(attribute)
        body(&self)
        message.endNest(nest)
        note(RequestTemplate.Slot.endOfNest, 0)
    }

    @usableFromInline
    mutating func note(_ attribute: Int, _ length: Int) {
        let offset = message.count + Framing.attributeHeaderLength
        slots.append(RequestTemplate.Slot(attribute, length: length, offset: offset))
    }
}
