/// A request that libnl built once, and where its values are: to be copied and filled anew for each request of its
/// shape, which takes a tenth of the time.
@safe
// Sendable unchecked: its memory never changes.
public final class RequestTemplate: @unchecked Sendable {
    /// What one call of an encoder put: which attribute, how long, and where its value is. The begin and the end of a
    /// nested attribute are marks without a value.
    public struct Slot: Equatable, Sendable {
        public let attribute: Int16
        public let length: UInt16
        public let offset: UInt32

        init(_ attribute: Int, length: Int, offset: Int) {
            self.attribute = Int16(truncatingIfNeeded: attribute)
            self.length = UInt16(truncatingIfNeeded: length)
            self.offset = UInt32(truncatingIfNeeded: offset)
        }

        @inlinable public static var endOfNest: Int { -1 }

        /// Stands behind the last one; no call of an encoder is like it.
        fileprivate static let end = Slot(-2, length: 0, offset: 0)
    }

    /// The request, but for what stands in its netlink header: that is for who sends it.
    @unsafe public let bytes: UnsafeRawBufferPointer

    /// What was put, in its order.
    @unsafe public let slots: UnsafeBufferPointer<Slot>

    /// Has libnl build the request; nil if there is no memory for it.
    public init?(_ request: some NetlinkRequest) {
        guard var recorder = TemplateRecorder(request) else { return nil }
        request.put(into: &recorder)
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

/// Has a message built by libnl, and notes where it puts what.
private struct TemplateRecorder: AttributeWriter, ~Copyable {
    private var message: Message
    private(set) var slots: [RequestTemplate.Slot] = []

    init?(_ request: some NetlinkRequest) {
        guard var message = Message() else { return nil }
        request.begin(&message)
        self.message = message
    }

    var count: Int { message.count }

    func withBytes(_ body: (UnsafeRawBufferPointer) -> Void) { unsafe message.withBytes(body) }

    mutating func put(_ attribute: Int, _ value: UInt8) {
        note(attribute, 1)
        message.put(attribute, value)
    }

    mutating func put(_ attribute: Int, _ value: UInt16) {
        note(attribute, 2)
        message.put(attribute, value)
    }

    mutating func put(_ attribute: Int, _ value: UInt32) {
        note(attribute, 4)
        message.put(attribute, value)
    }

    mutating func put(_ attribute: Int, _ string: String) {
        note(attribute, string.utf8.count + 1)
        message.put(attribute, string)
    }

    mutating func put(_ attribute: Int, _ bytes: SixteenBytes) {
        note(attribute, 16)
        message.put(attribute, bytes)
    }

    mutating func put(_ attribute: Int, _ first: UInt32, _ second: UInt32) {
        note(attribute, 8)
        message.put(attribute, first, second)
    }

    mutating func nest(_ attribute: Int, _ body: (inout TemplateRecorder) -> Void) {
        note(attribute, 0)
        let nest = message.beginNest(attribute)
        body(&self)
        message.endNest(nest)
        note(RequestTemplate.Slot.endOfNest, 0)
    }

    private mutating func note(_ attribute: Int, _ length: Int) {
        let offset = message.count + Framing.attributeHeaderLength
        slots.append(RequestTemplate.Slot(attribute, length: length, offset: offset))
    }
}
