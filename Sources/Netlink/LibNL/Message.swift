import CNetlinkShim

/// A request that libnl builds: headers and attributes.
///
/// Only this file and ``RequestTemplate`` use libnl, through the shim `CNetlinkShim`. All requests are much smaller
/// than the capacity, so a full message is a programming error. It is detected when the bytes are requested.
@safe
public struct Message: AttributeWriter, ~Copyable {
    private let message: OpaquePointer
    private var isComplete = true

    /// The capacity unless another one is requested. Requests have some hundred bytes.
    public static let defaultCapacity = 4096

    /// Creates a message with a capacity in bytes. Returns nil if there is no memory for it.
    public init?(capacity: Int = defaultCapacity) {
        guard let message = unsafe cnetlink_message_create(capacity) else { return nil }
        unsafe self.message = unsafe message
    }

    deinit { unsafe cnetlink_message_destroy(message) }

    /// Empties the message and writes the headers of generic netlink, for a command and a version of a family. A
    /// ``RequestBuffer`` fills in the other values when it is sent.
    public mutating func begin(
        type: UInt16 = 0,
        flags: UInt16,
        sequence: UInt32 = 0,
        port: UInt32 = 0,
        command: UInt8,
        version: UInt8
    ) {
        isComplete = unsafe cnetlink_message_begin(message, type, flags, sequence, port, command, version)
    }

    /// Empties the message and writes the headers of another family.
    public mutating func begin(type: UInt16, flags: UInt16, header: some BitwiseCopyable) {
        isComplete = unsafe withUnsafeBytes(of: header) { bytes in
            guard let start = bytes.baseAddress else { return false }
            return unsafe cnetlink_message_begin_with(message, type, flags, 0, 0, start, bytes.count)
        }
    }

    /// Puts an attribute with an 8-bit integer.
    public mutating func put(_ attribute: Int, _ value: UInt8) {
        note(unsafe cnetlink_put_u8(message, Int32(attribute), value))
    }

    /// Puts an attribute with a 16-bit integer.
    public mutating func put(_ attribute: Int, _ value: UInt16) {
        note(unsafe cnetlink_put_u16(message, Int32(attribute), value))
    }

    /// Puts an attribute with a 32-bit integer.
    public mutating func put(_ attribute: Int, _ value: UInt32) {
        note(unsafe cnetlink_put_u32(message, Int32(attribute), value))
    }

    /// Puts an attribute with a NUL-terminated string.
    public mutating func put(_ attribute: Int, _ string: String) {
        note(unsafe cnetlink_put_string(message, Int32(attribute), string))
    }

    /// Puts an attribute with 16 bytes.
    public mutating func put(_ attribute: Int, _ bytes: SixteenBytes) {
        var words = (bytes.high.bigEndian, bytes.low.bigEndian)
        note(unsafe cnetlink_put_bytes(message, Int32(attribute), &words, 16))
    }

    /// Puts an attribute with a pair of 32-bit integers.
    public mutating func put(_ attribute: Int, _ first: UInt32, _ second: UInt32) {
        var words = (first, second)
        note(unsafe cnetlink_put_bytes(message, Int32(attribute), &words, 8))
    }

    /// Puts a nested attribute with the attributes that `body` puts.
    public mutating func nest(_ attribute: Int, _ body: (inout Message) -> Void) {
        let nest = beginNest(attribute)
        body(&self)
        endNest(nest)
    }

    /// A nested attribute that was begun; nil if it did not fit.
    @safe
    @usableFromInline
    struct Nest {
        fileprivate let pointer: OpaquePointer?
    }

    @usableFromInline
    mutating func beginNest(_ attribute: Int) -> Nest {
        let nest = unsafe Nest(pointer: cnetlink_nest_begin(message, Int32(attribute)))
        note(unsafe nest.pointer != nil)
        return nest
    }

    /// Ends the nested attribute that was begun last.
    @usableFromInline
    mutating func endNest(_ nest: Nest) {
        if let pointer = unsafe nest.pointer { unsafe cnetlink_nest_end(message, pointer) }
    }

    /// The number of bytes so far.
    public var count: Int {
        var length = 0
        _ = unsafe cnetlink_message_bytes(message, &length)
        return length
    }

    private mutating func note(_ success: Bool) { isComplete = isComplete && success }

    /// Calls `body` with the message as it is sent, including its headers.
    public func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(isComplete, "a netlink request is larger than its buffer")
        var length = 0
        let start = unsafe cnetlink_message_bytes(message, &length)
        return unsafe try body(UnsafeRawBufferPointer(start: start, count: length))
    }
}
