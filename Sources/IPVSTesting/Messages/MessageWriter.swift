import CIPVS
package import Netlink

/// Writes the bytes of netlink attributes and messages.
package struct MessageWriter: AttributeWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func put(_ attribute: Int, _ value: UInt8) { putInteger(attribute, value) }

    package mutating func put(_ attribute: Int, _ value: UInt16) { putInteger(attribute, value) }

    package mutating func put(_ attribute: Int, _ value: UInt32) { putInteger(attribute, value) }

    package mutating func put(_ attribute: Int, _ value: UInt64) { putInteger(attribute, value) }

    package mutating func put(_ attribute: Int, _ string: String) { put(attribute, Array(string.utf8) + [0]) }

    package mutating func put(_ attribute: Int, _ sixteen: SixteenBytes) {
        put(attribute, Self.bytes(of: sixteen.high.bigEndian) + Self.bytes(of: sixteen.low.bigEndian))
    }

    package mutating func put(_ attribute: Int, _ first: UInt32, _ second: UInt32) {
        put(attribute, Self.bytes(of: first) + Self.bytes(of: second))
    }

    package mutating func nest(_ attribute: Int, _ body: (inout Self) -> Void) {
        var inner = Self()
        body(&inner)
        put(attribute, inner.bytes)
    }

    /// Puts an attribute with any bytes.
    package mutating func put(_ attribute: Int, _ payload: [UInt8]) {
        append(UInt16(truncatingIfNeeded: Framing.attributeHeaderLength + payload.count))
        append(UInt16(truncatingIfNeeded: attribute))
        bytes += payload
        pad()
    }

    private mutating func putInteger(_ attribute: Int, _ value: some FixedWidthInteger) {
        put(attribute, Self.bytes(of: value))
    }

    /// Appends an integer in host byte order, outside of an attribute.
    package mutating func append(_ value: some FixedWidthInteger) { bytes += Self.bytes(of: value) }

    /// Appends bytes that are complete already.
    package mutating func append(_ more: [UInt8]) { bytes += more }

    private mutating func pad() {
        bytes += repeatElement(0, count: Framing.aligned(bytes.count) - bytes.count)
    }

    private static func bytes(of value: some FixedWidthInteger) -> [UInt8] {
        unsafe withUnsafeBytes(of: value) { unsafe Array($0) }
    }
}

/// The header of a netlink message.
package struct MessageHeader: Hashable, Sendable {
    package var type: UInt16
    package var flags: UInt16
    package var sequence: UInt32
    package var port: UInt32

    /// The message with a payload.
    package func message(_ payload: [UInt8]) -> [UInt8] {
        var writer = MessageWriter()
        writer.append(UInt32(Framing.headerLength + payload.count))
        writer.append(type)
        writer.append(flags)
        writer.append(sequence)
        writer.append(port)
        writer.append(payload)
        return writer.bytes
    }

    /// The message of a generic netlink family with attributes.
    func message(command: UInt8, version: UInt8, _ attributes: [UInt8]) -> [UInt8] {
        message([command, version, 0, 0] + attributes)
    }
}
