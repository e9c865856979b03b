/// A request that libnl built once, and where its values are: to be copied and filled anew for each request of its
/// shape, which takes a tenth of the time.
struct RequestTemplate {
    /// What one call of an encoder put: which attribute, how long, and where its value is. The begin and the end of a
    /// nested attribute are marks without a value.
    struct Slot: Equatable {
        let attribute: Int
        let length: Int
        let offset: Int

        static let endOfNest = -1
    }

    let bytes: [UInt8]
    let slots: [Slot]

    /// Has libnl build the request, but for what stands in its netlink header: that is for who sends it.
    init?(_ request: Request) {
        guard var recorder = TemplateRecorder(request) else { return nil }
        request.put(into: &recorder)
        slots = recorder.slots
        bytes = recorder.bytes
    }
}

/// Has a message built by libnl, and notes where it puts what.
private struct TemplateRecorder: AttributeWriter, ~Copyable {
    private var message: Message
    private(set) var slots: [RequestTemplate.Slot] = []

    init?(_ request: Request) {
        guard var message = Message() else { return nil }
        message.begin(request, type: 0, sequence: 0, port: 0)
        self.message = message
    }

    var bytes: [UInt8] { unsafe message.withBytes { unsafe Array($0) } }

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
        slots.append(RequestTemplate.Slot(attribute: attribute, length: length, offset: offset))
    }
}

/// Fills a copy of a template. What an encoder puts must be what it put when the template was built; if it is not, the
/// copy is not to be used.
@safe
struct TemplateWriter: AttributeWriter, ~Copyable {
    private let copy: UnsafeMutableRawBufferPointer
    private let slots: [RequestTemplate.Slot]
    private var next = 0
    private var matches = true

    /// Copies a template to the beginning of a buffer that is large enough.
    init(_ template: RequestTemplate, to buffer: UnsafeMutableRawBufferPointer) {
        unsafe buffer.copyBytes(from: template.bytes)
        unsafe copy = UnsafeMutableRawBufferPointer(rebasing: buffer[..<template.bytes.count])
        slots = template.slots
    }

    /// Whether each value has found its place.
    var isComplete: Bool { matches && next == slots.count }

    mutating func put(_ attribute: Int, _ value: UInt8) { store(attribute, value) }

    mutating func put(_ attribute: Int, _ value: UInt16) { store(attribute, value) }

    mutating func put(_ attribute: Int, _ value: UInt32) { store(attribute, value) }

    mutating func put(_ attribute: Int, _ string: String) {
        guard let offset = take(attribute, string.utf8.count + 1) else { return }
        // The NUL at the end is the template's.
        var string = string
        string.withUTF8 { unsafe copy[offset..<offset + $0.count].copyBytes(from: $0) }
    }

    mutating func put(_ attribute: Int, _ address: IPAddress) {
        guard let offset = take(attribute, 16) else { return }
        unsafe copy.storeBytes(of: address.high.bigEndian, toByteOffset: offset, as: UInt64.self)
        unsafe copy.storeBytes(of: address.low.bigEndian, toByteOffset: offset + 8, as: UInt64.self)
    }

    mutating func put(_ attribute: Int, _ first: UInt32, _ second: UInt32) {
        guard let offset = take(attribute, 8) else { return }
        unsafe copy.storeBytes(of: first, toByteOffset: offset, as: UInt32.self)
        unsafe copy.storeBytes(of: second, toByteOffset: offset + 4, as: UInt32.self)
    }

    mutating func nest(_ attribute: Int, _ body: (inout TemplateWriter) -> Void) {
        _ = take(attribute, 0)
        body(&self)
        _ = take(RequestTemplate.Slot.endOfNest, 0)
    }

    private mutating func store<Value: FixedWidthInteger>(_ attribute: Int, _ value: Value) {
        guard let offset = take(attribute, MemoryLayout<Value>.size) else { return }
        unsafe copy.storeBytes(of: value, toByteOffset: offset, as: Value.self)
    }

    private mutating func take(_ attribute: Int, _ length: Int) -> Int? {
        guard matches, next < slots.count, slots[next].attribute == attribute, slots[next].length == length else {
            matches = false
            return nil
        }
        defer { next += 1 }
        return slots[next].offset
    }
}
