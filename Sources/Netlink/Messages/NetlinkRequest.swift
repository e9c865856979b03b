/// What can be put into a message to the kernel, of whatever netlink family.
public protocol NetlinkRequest {
    /// Which template it is likely to fill.
    var shape: RequestShape { get }

    /// Begins a message with the headers, which are the same for all requests of a shape.
    func begin(_ message: inout Message)

    /// Puts the attributes that the kernel needs for it.
    func put(into message: inout some AttributeWriter & ~Copyable)
}

/// Requests of one shape have the same headers, and differ in the values of their attributes, but not in which ones they
/// have and how long each is.
public struct RequestShape: Equatable, Sendable {
    @usableFromInline let number: UInt64

    /// The shape that a number stands for, among all requests that go into the same buffer.
    @inlinable
    public init(number: UInt64) { self.number = number }

    @inlinable
    public static func == (left: Self, right: Self) -> Bool { left.number == right.number }
}
