/// An error in a reply that can't be decoded.
public struct MalformedReply: Error, Hashable, CustomStringConvertible {
    /// The C constant of the attribute, or another part of the reply.
    public let attribute: String

    /// What is wrong with it.
    public let problem: String

    /// An error about an attribute.
    public init(attribute: String, problem: String) { (self.attribute, self.problem) = (attribute, problem) }

    /// The error as a sentence.
    public var description: String { "\(attribute) \(problem)" }
}
