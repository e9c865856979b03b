/// A destination for the attributes of a request: a message that libnl builds, or a copy of a template.
///
/// Encoders are written once, over this protocol, so both kinds of requests have the same bytes.
public protocol AttributeWriter: ~Copyable {
    /// Puts an 8-bit integer.
    mutating func put(_ attribute: Int, _ value: UInt8)

    /// Puts a 16-bit integer.
    mutating func put(_ attribute: Int, _ value: UInt16)

    /// Puts a 32-bit integer.
    mutating func put(_ attribute: Int, _ value: UInt32)

    /// Puts a NUL-terminated string.
    mutating func put(_ attribute: Int, _ string: String)

    /// Puts 16 bytes, such as an address.
    mutating func put(_ attribute: Int, _ bytes: SixteenBytes)

    /// Puts a pair of 32-bit integers.
    mutating func put(_ attribute: Int, _ first: UInt32, _ second: UInt32)

    /// Puts a nested attribute with the attributes that `body` puts.
    mutating func nest(_ attribute: Int, _ body: (inout Self) -> Void)
}
