/// What the attributes of a request are put into: a message that libnl builds, or a copy of one that is filled anew.
///
/// The encoders are written once, over this, so what holds for the bytes of the one holds for the other.
public protocol AttributeWriter: ~Copyable {
    mutating func put(_ attribute: Int, _ value: UInt8)
    mutating func put(_ attribute: Int, _ value: UInt16)
    mutating func put(_ attribute: Int, _ value: UInt32)

    /// Puts a text, with a NUL behind it.
    mutating func put(_ attribute: Int, _ string: String)

    /// Puts 16 bytes, such as an address.
    mutating func put(_ attribute: Int, _ bytes: SixteenBytes)

    /// Puts a pair of 32-bit numbers.
    mutating func put(_ attribute: Int, _ first: UInt32, _ second: UInt32)

    /// Puts a nested attribute with what `body` puts.
    mutating func nest(_ attribute: Int, _ body: (inout Self) -> Void)
}
