import CNetlinkShim

/// A sequence of requests, in the format in which one system call sends them.
///
/// libnl builds the first request of a shape. The others are copies of it with their own values.
@safe
// Sendable unchecked: nothing else refers to its memory.
public struct RequestBuffer: ~Copyable, @unchecked Sendable {
    @usableFromInline let storage: UnsafeMutableRawBufferPointer
    @usableFromInline var templates: [(shape: RequestShape, template: RequestTemplate)] = []
    @usableFromInline var last: (shape: RequestShape, bytes: UnsafeRawBufferPointer, slots: Slots)?
    @usableFromInline var length = 0

    @usableFromInline typealias Slots = UnsafeBufferPointer<RequestTemplate.Slot>

    @usableFromInline var appended = 0

    /// The number of requests.
    public var count: Int { appended }

    /// The capacity in bytes unless another one is requested. Requests have some 200 bytes. A larger buffer would save
    /// little, as hundreds of requests already share the cost of a system call, and would need more memory.
    public static let defaultCapacity = 64 * 1024

    /// Creates an empty buffer with a capacity in bytes.
    public init(capacity: Int = defaultCapacity) {
        unsafe storage = .allocate(byteCount: capacity, alignment: 8)
    }

    deinit { unsafe storage.deallocate() }

    /// Removes all requests and keeps the templates.
    public mutating func removeAll() { (length, appended) = (0, 0) }

    /// Appends a request. Returns false if it does not fit.
    @inlinable
    public mutating func append(_ request: borrowing some NetlinkRequest) -> Bool {
        let shape = request.shape
        if let last = unsafe last, unsafe last.shape == shape {
            guard unsafe last.bytes.count <= storage.count - length else { return false }
            if unsafe fill(last.bytes, last.slots, with: request) { return true }
        }
        return appendFirst(request, shape)
    }

    /// Appends a request whose shape differs from that of the previous one, or that does not match the last template.
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

    /// Appends a copy of a template and fills in the values of a request. Returns false if they do not match the
    /// template.
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
    /// The requests that the kernel acknowledges. It always answers requests that fail.
    enum Answers {
        /// Each request that has the flag `NLM_F_ACK`.
        case asked
        /// Only the last one, which shows that the kernel has read all of them.
        case last
    }

    /// Fills in the headers: message type, sender's port and sequence numbers, which start with `sequence`. If `type`
    /// is nil, each request keeps its own.
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

    /// Calls `body` with all requests as they are sent.
    public func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe try body(UnsafeRawBufferPointer(rebasing: storage[..<length]))
    }

    /// Calls `body` with the generic netlink command and the attributes of each request, in their order.
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
