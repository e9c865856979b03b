/// A reply that can't be read: which attribute is wrong, and how.
public struct MalformedReply: Error, Hashable, CustomStringConvertible {
    public let attribute: String
    public let problem: String

    public init(attribute: String, problem: String) { (self.attribute, self.problem) = (attribute, problem) }

    public var description: String { "\(attribute) \(problem)" }
}
