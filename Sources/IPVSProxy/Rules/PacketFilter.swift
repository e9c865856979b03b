/// The packet rules of a node's kernel, as far as they are one proxier's own.
///
/// The product IPVSProxyNFTables has one that writes them to nftables. A program that brings its own can conform a type of its
/// own. A proxier calls it from one thread at a time, which may block.
public protocol PacketFilter: Sendable {
    /// Checks that the kernel can have such rules, and that this process may write them. It changes nothing.
    ///
    /// - Parameter options: The options of the rules.
    /// - Throws: `PacketFilterError`, which says what to do.
    func check(_ options: PacketRules.Options) throws(PacketFilterError)

    /// Whether no packet rules of the kernel can have been changed by others since the last ``difference(to:)`` or
    /// ``write(_:)``. Returns false if there was neither.
    func isUnchanged() throws(PacketFilterError) -> Bool

    /// Compares the proxier's rules in the kernel with others.
    ///
    /// - Parameter rules: What the rules should be.
    /// - Returns: What has to be written, so that they are.
    /// - Throws: `PacketFilterError`.
    func difference(to rules: PacketRules) throws(PacketFilterError) -> PacketRules.Difference

    /// Changes the proxier's rules. A small difference is made as a whole or not at all. A large one can be made in several
    /// steps, each of which leaves rules that are sound: elements are added first, then the fixed part is written, then
    /// elements are removed. One that makes everything anew begins with the fixed part and all source ranges, in the same step
    /// in which the former rules end.
    ///
    /// - Parameter difference: What to change.
    /// - Throws: `PacketFilterError`. The next ``isUnchanged()`` returns false then.
    func write(_ difference: PacketRules.Difference) throws(PacketFilterError)

    /// Removes all of the proxier's rules, and nothing else.
    ///
    /// - Returns: Whether there were any.
    /// - Throws: `PacketFilterError`.
    func remove() throws(PacketFilterError) -> Bool

    /// What rules of others, which no rule of the proxier can overrule, do to its connections; and what kube-proxy has left.
    ///
    /// - Throws: `PacketFilterError`.
    func obstacles() throws(PacketFilterError) -> [PacketObstacle]
}

/// Rules of others that stand in the way of a proxier's connections.
public struct PacketObstacle: Hashable, Sendable, CustomStringConvertible {
    /// The obstacle as a sentence that says what to do about it.
    public let description: String

    /// An obstacle.
    public init(_ description: String) { self.description = description }
}

/// An error of packet rules. Its ``description`` is a sentence.
public struct PacketFilterError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of error.
    public let code: Code

    /// The error as a sentence: what could not be done, and why.
    public let description: String

    /// An error.
    public init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    /// A kind of error.
    public enum Code: Hashable, Sendable {
        /// The kernel can't have such rules, as it lacks a part of its packet filter.
        case unavailable
        /// The process lacks a privilege.
        case permissionDenied
        /// There is no such network namespace.
        case namespaceNotFound
        /// The kernel, or the library that talks to it, refused a change.
        case refused
        /// Anything else, such as a lack of memory.
        case other
    }
}
