/// Bytes that must not appear in logs, errors or dumps.
///
/// Its description is a placeholder, and its mirror has no children.
public struct Secret: Hashable, Sendable {
    package let bytes: [UInt8]

    /// A secret text.
    public init(_ text: String) { bytes = Array(text.utf8) }

    /// Secret bytes.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    package var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// A word in place of the bytes.
    public var description: String { "(secret)" }

    /// A word in place of the bytes.
    public var debugDescription: String { description }

    /// A mirror without the bytes.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
