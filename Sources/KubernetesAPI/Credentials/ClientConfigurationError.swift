/// Why a client can't be configured, or its credentials can't be obtained.
public struct ClientConfigurationError: Error, Hashable, Sendable {
    /// What is wrong, as a sentence for an operator, with the file, line and field where it has them. It has no secrets.
    public var message: String

    /// An error with a sentence.
    public init(_ message: String) { self.message = message }
}

extension ClientConfigurationError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
