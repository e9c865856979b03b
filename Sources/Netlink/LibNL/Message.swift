import CNetlinkShim

/// A request that libnl builds: its headers and its attributes.
///
/// This file and ``RequestTemplate`` are all that knows libnl, through the shim `CNetlinkShim`. No request comes near the
/// capacity, so a full message is a programming error; it is noticed when the bytes are asked for.
@safe
public struct Message: AttributeWriter, ~Copyable {
    private let message: OpaquePointer
    private var isComplete = true

    /// The longest request, a real server's with its service, takes about 300 bytes.
    public static let defaultCapacity = 4096

    public init?(capacity: Int = defaultCapacity) {
        guard let message = unsafe cnetlink_message_create(capacity) else { return nil }
        unsafe self.message = unsafe message
    }

    deinit { unsafe cnetlink_message_destroy(message) }

    /// Starts anew, with the headers of generic netlink alone: a command of a family that has a version. Who sends it
    /// from a buffer need not know the rest: see ``RequestBuffer``.
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

    /// Starts anew, with the headers of a family that is not generic netlink's.
    public mutating func begin(type: UInt16, flags: UInt16, header: some BitwiseCopyable) {
        isComplete = unsafe withUnsafeBytes(of: header) { bytes in
            guard let start = bytes.baseAddress else { return false }
            return unsafe cnetlink_message_begin_with(message, type, flags, 0, 0, start, bytes.count)
        }
    }

    public mutating func put(_ attribute: Int, _ value: UInt8) {
        note(unsafe cnetlink_put_u8(message, Int32(attribute), value))
    }

    public mutating func put(_ attribute: Int, _ value: UInt16) {
        note(unsafe cnetlink_put_u16(message, Int32(attribute), value))
    }

    public mutating func put(_ attribute: Int, _ value: UInt32) {
        note(unsafe cnetlink_put_u32(message, Int32(attribute), value))
    }

    public mutating func put(_ attribute: Int, _ string: String) {
        note(unsafe cnetlink_put_string(message, Int32(attribute), string))
    }

    public mutating func put(_ attribute: Int, _ bytes: SixteenBytes) {
        var words = (bytes.high.bigEndian, bytes.low.bigEndian)
        note(unsafe cnetlink_put_bytes(message, Int32(attribute), &words, 16))
    }

    public mutating func put(_ attribute: Int, _ first: UInt32, _ second: UInt32) {
        var words = (first, second)
        note(unsafe cnetlink_put_bytes(message, Int32(attribute), &words, 8))
    }

    public mutating func nest(_ attribute: Int, _ body: (inout Message) -> Void) {
        let nest = beginNest(attribute)
        body(&self)
        endNest(nest)
    }

    /// A nested attribute that has been begun; nil if there was no room for it.
    @safe
    struct Nest {
        fileprivate let pointer: OpaquePointer?
    }

    mutating func beginNest(_ attribute: Int) -> Nest {
        let nest = unsafe Nest(pointer: cnetlink_nest_begin(message, Int32(attribute)))
        note(unsafe nest.pointer != nil)
        return nest
    }

    /// Ends the nested attribute that was begun last.
    mutating func endNest(_ nest: Nest) {
        if let pointer = unsafe nest.pointer { unsafe cnetlink_nest_end(message, pointer) }
    }

    /// How many bytes it has so far.
    public var count: Int {
        var length = 0
        _ = unsafe cnetlink_message_bytes(message, &length)
        return length
    }

    private mutating func note(_ success: Bool) { isComplete = isComplete && success }

    /// The message as it goes over the socket, with its headers.
    public func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(isComplete, "a netlink request is larger than its buffer")
        var length = 0
        let start = unsafe cnetlink_message_bytes(message, &length)
        return unsafe try body(UnsafeRawBufferPointer(start: start, count: length))
    }
}
