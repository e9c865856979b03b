/// A request that libnl built once, and where its values are: to be copied and filled anew for each request of its
/// shape, which takes a tenth of the time.
@safe
final class RequestTemplate {
    /// What one call of an encoder put: which attribute, how long, and where its value is. The begin and the end of a
    /// nested attribute are marks without a value.
    struct Slot: Equatable {
        let attribute: Int16
        let length: UInt16
        let offset: UInt32

        init(_ attribute: Int, length: Int, offset: Int) {
            self.attribute = Int16(truncatingIfNeeded: attribute)
            self.length = UInt16(truncatingIfNeeded: length)
            self.offset = UInt32(truncatingIfNeeded: offset)
        }

        static let endOfNest = -1

        /// Stands behind the last one; no call of an encoder is like it.
        fileprivate static let end = Slot(-2, length: 0, offset: 0)
    }

    /// The request, but for what stands in its netlink header: that is for who sends it.
    @unsafe let bytes: UnsafeRawBufferPointer

    /// What was put, in its order.
    @unsafe let slots: UnsafeBufferPointer<Slot>

    /// Has libnl build the request; nil if there is no memory for it.
    init?(_ request: some BufferedRequest) {
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

    init?(_ request: some BufferedRequest) {
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

    mutating func put(_ attribute: Int, _ address: IPAddress) {
        note(attribute, 16)
        message.put(attribute, address)
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
        let offset = message.count + Netlink.attributeHeaderLength
        slots.append(RequestTemplate.Slot(attribute, length: length, offset: offset))
    }
}

/// Fills a copy of a template. What an encoder puts must be what it put when the template was built; if it is not, the
/// copy is not to be used.
///
/// It refers to the template's memory and the copy's, which must both outlive it.
@safe
struct TemplateWriter: AttributeWriter, ~Copyable {
    private let copy: UnsafeMutableRawPointer
    private var next: UnsafePointer<RequestTemplate.Slot>
    private let end: UnsafePointer<RequestTemplate.Slot>
    private var matches = true

    /// Copies a template to a place with room for it.
    @unsafe
    init(_ template: RequestTemplate, to place: UnsafeMutableRawPointer) {
        unsafe self.init(bytes: template.bytes, slots: template.slots, to: place)
    }

    /// Copies the bytes of a template, whose slots these are, to a place with room for them.
    @unsafe
    @inline(__always)
    init(
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
    var isComplete: Bool { unsafe matches && next == end }

    @inline(__always)
    mutating func put(_ attribute: Int, _ value: UInt8) { store(attribute, value) }

    @inline(__always)
    mutating func put(_ attribute: Int, _ value: UInt16) { store(attribute, value) }

    @inline(__always)
    mutating func put(_ attribute: Int, _ value: UInt32) { store(attribute, value) }

    @inline(__always)
    mutating func put(_ attribute: Int, _ string: String) {
        guard let place = unsafe take(attribute, string.utf8.count + 1) else { return }
        // The NUL at the end is the template's.
        var string = string
        string.withUTF8 { name in
            guard let start = name.baseAddress else { return }
            unsafe place.copyMemory(from: start, byteCount: name.count)
        }
    }

    @inline(__always)
    mutating func put(_ attribute: Int, _ address: IPAddress) {
        guard let place = unsafe take(attribute, 16) else { return }
        unsafe place.storeBytes(of: address.high.bigEndian, as: UInt64.self)
        unsafe place.storeBytes(of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
    }

    @inline(__always)
    mutating func put(_ attribute: Int, _ first: UInt32, _ second: UInt32) {
        guard let place = unsafe take(attribute, 8) else { return }
        unsafe place.storeBytes(of: first, as: UInt32.self)
        unsafe place.storeBytes(of: second, toByteOffset: 4, as: UInt32.self)
    }

    @inline(__always)
    mutating func nest(_ attribute: Int, _ body: (inout TemplateWriter) -> Void) {
        _ = unsafe take(attribute, 0)
        body(&self)
        _ = unsafe take(RequestTemplate.Slot.endOfNest, 0)
    }

    @inline(__always)
    private mutating func store<Value: FixedWidthInteger & BitwiseCopyable>(_ attribute: Int, _ value: Value) {
        guard let place = unsafe take(attribute, MemoryLayout<Value>.size) else { return }
        unsafe place.storeBytes(of: value, as: Value.self)
    }

    /// Where the next value belongs; nil if the template has another one there. After the last one there is always
    /// another one: the mark of the end.
    @unsafe
    @inline(__always)
    private mutating func take(_ attribute: Int, _ length: Int) -> UnsafeMutableRawPointer? {
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
