import CIPVS

/// A request under construction, in one buffer of libnl's that is used again for each.
///
/// Attributes have the names of `linux/ip_vs.h`, as `IPVS_SVC_ATTR_AF`. Nothing that the models can hold comes near
/// the capacity, so a message that is full is a fault of the program; it is noticed when the bytes are asked for.
@safe
package struct Message: AttributeWriter, ~Copyable {
    private let message: OpaquePointer
    private var isComplete = true

    /// The longest request, a real server's with its service, takes about 300 bytes.
    static let defaultCapacity = 4096

    init?(capacity: Int = defaultCapacity) {
        guard let message = unsafe cipvs_message_create(capacity) else { return nil }
        unsafe self.message = unsafe message
    }

    deinit { unsafe cipvs_message_destroy(message) }

    /// Starts anew, with the headers alone.
    mutating func begin(type: UInt16, flags: UInt16, sequence: UInt32, port: UInt32, command: UInt8) {
        let version = UInt8(IPVS_GENL_VERSION)
        isComplete = unsafe cipvs_message_begin(message, type, flags, sequence, port, command, version)
    }

    /// Starts anew, with the headers of a family that is not generic netlink's.
    package mutating func begin(type: UInt16, flags: UInt16, header: some BitwiseCopyable) {
        isComplete = unsafe withUnsafeBytes(of: header) { bytes in
            guard let start = bytes.baseAddress else { return false }
            return unsafe cipvs_message_begin_with(message, type, flags, 0, 0, start, bytes.count)
        }
    }

    package mutating func put(_ attribute: Int, _ value: UInt8) {
        note(unsafe cipvs_put_u8(message, Int32(attribute), value))
    }

    package mutating func put(_ attribute: Int, _ value: UInt16) {
        note(unsafe cipvs_put_u16(message, Int32(attribute), value))
    }

    package mutating func put(_ attribute: Int, _ value: UInt32) {
        note(unsafe cipvs_put_u32(message, Int32(attribute), value))
    }

    package mutating func put(_ attribute: Int, _ string: String) {
        note(unsafe cipvs_put_string(message, Int32(attribute), string))
    }

    package mutating func put(_ attribute: Int, _ address: IPAddress) {
        var words = (address.high.bigEndian, address.low.bigEndian)
        note(unsafe cipvs_put_bytes(message, Int32(attribute), &words, 16))
    }

    package mutating func put(_ attribute: Int, _ first: UInt32, _ second: UInt32) {
        var words = (first, second)
        note(unsafe cipvs_put_bytes(message, Int32(attribute), &words, 8))
    }

    package mutating func nest(_ attribute: Int, _ body: (inout Message) -> Void) {
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
        let nest = unsafe Nest(pointer: cipvs_nest_begin(message, Int32(attribute)))
        note(unsafe nest.pointer != nil)
        return nest
    }

    /// Ends the nested attribute that was begun last.
    mutating func endNest(_ nest: Nest) {
        if let pointer = unsafe nest.pointer { unsafe cipvs_nest_end(message, pointer) }
    }

    /// How many bytes it has so far.
    var count: Int {
        var length = 0
        _ = unsafe cipvs_message_bytes(message, &length)
        return length
    }

    private mutating func note(_ success: Bool) { isComplete = isComplete && success }

    /// The message as it goes over the socket, with its headers.
    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(isComplete, "a netlink request is larger than its buffer")
        var length = 0
        let start = unsafe cipvs_message_bytes(message, &length)
        return unsafe try body(UnsafeRawBufferPointer(start: start, count: length))
    }
}
