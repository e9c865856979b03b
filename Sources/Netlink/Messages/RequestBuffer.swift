import CNetlinkShim

/// Requests, one behind the other as one system call sends them.
///
/// What libnl built for the first request of a shape is copied for the others.
@safe
// Sendable unchecked: nothing else refers to its memory.
public struct RequestBuffer: ~Copyable, @unchecked Sendable {
    @usableFromInline let storage: UnsafeMutableRawBufferPointer
    @usableFromInline var templates: [(shape: RequestShape, template: RequestTemplate)] = []
    @usableFromInline var last: (shape: RequestShape, bytes: UnsafeRawBufferPointer, slots: Slots)?
    @usableFromInline var length = 0

    @usableFromInline typealias Slots = UnsafeBufferPointer<RequestTemplate.Slot>

    @usableFromInline var appended = 0

    /// How many requests are in it.
    public var count: Int { appended }

    /// A request takes some 200 bytes. Far less than what a socket takes at once: the cost of a system call is spread
    /// over hundreds by then, and memory that is touched for the first time has a cost too.
    public static let defaultCapacity = 64 * 1024

    public init(capacity: Int = defaultCapacity) {
        unsafe storage = .allocate(byteCount: capacity, alignment: 8)
    }

    deinit { unsafe storage.deallocate() }

    public mutating func removeAll() { (length, appended) = (0, 0) }

    /// Appends a request; false if there is no room for it. Before it is sent it has to be addressed.
    @inlinable
    public mutating func append(_ request: borrowing some NetlinkRequest) -> Bool {
        let shape = request.shape
        if let last = unsafe last, unsafe last.shape == shape {
            guard unsafe last.bytes.count <= storage.count - length else { return false }
            if unsafe fill(last.bytes, last.slots, with: request) { return true }
        }
        return appendFirst(request, shape)
    }

    /// Appends a request that is not of the shape of the one before it, or that only seems to be.
    @inlinable
    @inline(never)
    mutating func appendFirst(_ request: borrowing some NetlinkRequest, _ shape: RequestShape) -> Bool {
        if let index = templates.firstIndex(where: { $0.shape == shape }) {
            let template = templates[index].template
            guard unsafe template.bytes.count <= storage.count - length else { return false }
            if unsafe fill(template.bytes, template.slots, with: request) {
                unsafe last = (shape, template.bytes, template.slots)
                return true
            }
            unsafe last = nil
            templates.remove(at: index)
        }
        guard let template = RequestTemplate(copy request) else { return false }
        templates.append((shape, template))
        unsafe last = (shape, template.bytes, template.slots)
        guard unsafe template.bytes.count <= storage.count - length else { return false }
        let isFilled = unsafe fill(template.bytes, template.slots, with: request)
        precondition(isFilled, "an encoder puts something else each time")
        return true
    }

    /// Puts a copy of a template behind the other requests, and fills it with the values of a request if they fit.
    @unsafe
    @inlinable
    @inline(__always)
    mutating func fill(
        _ bytes: UnsafeRawBufferPointer,
        _ slots: Slots,
        with request: borrowing some NetlinkRequest
    ) -> Bool {
        guard let start = unsafe storage.baseAddress else { return false }
        var writer = unsafe TemplateWriter(bytes: bytes, slots: slots, to: start + length)
        request.put(into: &writer)
        guard writer.isComplete else { return false }
        length += Framing.aligned(bytes.count)
        appended += 1
        return true
    }
}

extension RequestBuffer {
    /// Which requests the kernel answers; it answers those that fail in any case.
    enum Answers {
        /// Each as it asks itself.
        case asked
        /// The last one alone, which tells that the kernel has read them all.
        case last
    }

    /// Writes into the headers whom the requests go to, and the number of the first; the others follow it. Without a
    /// type, each keeps the one that it was begun with.
    mutating func address(type: UInt16?, port: UInt32, sequence: UInt32, answers: Answers) {
        var number = sequence
        var start = 0
        while start < length {
            let header = unsafe UnsafeMutableRawBufferPointer(rebasing: storage[start..<start + Framing.headerLength])
            let size = Framing.aligned(Int(unsafe header.load(as: UInt32.self)))
            if let type { unsafe header.storeBytes(of: type, toByteOffset: 4, as: UInt16.self) }
            if answers == .last, start + size < length {
                let flags = unsafe header.load(fromByteOffset: 6, as: UInt16.self) & ~UInt16(NLM_F_ACK)
                unsafe header.storeBytes(of: flags, toByteOffset: 6, as: UInt16.self)
            }
            unsafe header.storeBytes(of: number, toByteOffset: 8, as: UInt32.self)
            unsafe header.storeBytes(of: port, toByteOffset: 12, as: UInt32.self)
            number &+= 1
            start += size
        }
    }

    public func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe try body(UnsafeRawBufferPointer(rebasing: storage[..<length]))
    }

    /// Calls `body` with each request, from behind its netlink header on, in their order.
    public func forEach(_ body: (_ place: Int, _ command: UInt8, _ attributes: RawSpan) -> Void) {
        unsafe withBytes { buffer in
            let bytes = unsafe buffer.bytes
            var start = 0
            for place in 0..<count {
                let size = Int(bytes.integer(at: start, as: UInt32.self))
                let attributes = start + Framing.headerLength + Framing.genericHeaderLength..<start + size
                let command = bytes.integer(at: start + Framing.headerLength, as: UInt8.self)
                body(place, command, bytes.extracting(attributes))
                start += Framing.aligned(size)
            }
        }
    }
}
