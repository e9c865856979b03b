public import Testing

/// A reader of bytes that others write, and what must hold whatever they are.
///
/// Its corpus is kept in `Tests/Corpora`, in a folder with its name: samples, and what libFuzzer found. Unit tests read it and
/// changed copies of it. `Tests/checks/fuzz` lets libFuzzer look for more.
public struct FuzzTarget: Sendable, CustomTestStringConvertible {
    /// The name, which is also that of the corpus.
    public let name: String

    /// The greatest length that libFuzzer tries, in bytes.
    let maximumLength: Int

    let check: @Sendable ([UInt8]) throws -> Void

    /// Creates a target.
    ///
    /// - Parameters:
    ///   - name: The name.
    ///   - maximumLength: The greatest length that libFuzzer tries, in bytes.
    ///   - check: Reads bytes, and throws an error if something does not hold. An error for which the reader is made is none.
    public init(_ name: String, maximumLength: Int = 4096, check: @escaping @Sendable ([UInt8]) throws -> Void) {
        (self.name, self.maximumLength, self.check) = (name, maximumLength, check)
    }

    /// The name.
    public var testDescription: String { name }
}

/// Something that does not hold.
public struct FuzzFailure: Error, CustomStringConvertible {
    /// What does not hold.
    public let description: String

    /// A failure with a description.
    public init(_ description: String) { self.description = description }
}

/// Throws a failure unless a condition holds.
public func hold(_ condition: Bool, _ description: @autoclosure () -> String) throws {
    guard condition else { throw FuzzFailure(description()) }
}
