/// A request to the kernel, of any netlink family.
public protocol NetlinkRequest {
    /// The shape of the request, which selects the template.
    var shape: RequestShape { get }

    /// Begins a message with the headers. All requests of a shape have the same headers.
    func begin(_ message: inout Message)

    /// Puts the attributes of the request.
    func put(into message: inout some AttributeWriter & ~Copyable)
}

/// The shape of a request.
///
/// Requests of one shape have the same headers, and the same attributes with the same lengths. They differ only in the
/// values of the attributes.
public struct RequestShape: Equatable, Sendable {
    @usableFromInline let number: UInt64

    /// A shape with a number. The number must be unique among the shapes of requests in the same buffer.
    @inlinable
    public init(number: UInt64) { self.number = number }

    /// Whether two shapes have the same number.
    @inlinable
    public static func == (left: Self, right: Self) -> Bool { left.number == right.number }
}
