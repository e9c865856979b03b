public import IPVSProxy
import Netlink

/// The packet rules of a node in memory, as one process sees them.
///
/// A proxier that is opened on a node has one already. A test needs its own to put something around it, such as a filter that
/// waits before it writes:
///
///     let proxier = try Proxier(testing: node, packetFilter: SlowFilter(InMemoryPacketFilter(node)))
public final class InMemoryPacketFilter: PacketFilter {
    private let node: InMemoryNode

    /// The generation of the rules that this process knows; nil if it knows none.
    private let known = Lock<Int?>(nil)

    /// Opens the packet rules of a node.
    ///
    /// - Parameter node: The node, which is kept alive.
    public init(_ node: InMemoryNode) { self.node = node }

    /// Checks nothing, as any rules can be written here.
    ///
    /// - Parameter options: The options of the rules.
    /// - Throws: `PacketFilterError`, if the node says so.
    public func check(_ options: PacketRules.Options) throws(PacketFilterError) { try begin(.check) }

    /// Whether nobody else can have changed the rules since this filter has read or written them.
    ///
    /// - Throws: `PacketFilterError`, if the node says so.
    public func isUnchanged() throws(PacketFilterError) -> Bool {
        try begin(.isUnchanged)
        return known.withLock { $0 } == node.state.withLock { $0.generation }
    }

    /// Compares the rules of the node with others.
    ///
    /// - Parameter rules: What the rules should be.
    /// - Returns: What has to be written, so that they are.
    /// - Throws: `PacketFilterError`, if the node says so.
    public func difference(to rules: PacketRules) throws(PacketFilterError) -> PacketRules.Difference {
        try begin(.difference)
        let (former, generation) = node.state.withLock { ($0.contents.packetRules, $0.generation) }
        known.withLock { $0 = generation }
        return rules.difference(from: former)
    }

    /// Changes the rules of the node, as a whole or not at all.
    ///
    /// - Parameter difference: What to change.
    /// - Throws: `PacketFilterError` with `refused` where it does not fit to the rules that are there; or if the node says so.
    public func write(_ difference: PacketRules.Difference) throws(PacketFilterError) {
        let before = known.withLock { known in
            defer { known = nil }
            return known
        }
        try begin(.write)
        let outcome: Result<Int?, PacketFilterError> = node.state.withLock { state in
            // What others have changed before stays to be found.
            let isKnown = before == state.generation
            if let reason = state.write(difference) { return .failure(PacketFilterError(.refused, reason)) }
            return .success(isKnown ? state.generation : nil)
        }
        let generation = try outcome.get()
        known.withLock { $0 = generation }
    }

    /// Removes the rules of the node.
    ///
    /// - Returns: Whether there were any.
    /// - Throws: `PacketFilterError`, if the node says so.
    public func remove() throws(PacketFilterError) -> Bool {
        try begin(.remove)
        return node.state.withLock { state in
            guard state.contents.packetRules != nil else { return false }
            state.contents.packetRules = nil
            state.generation += 1
            return true
        }
    }

    /// What the node says that rules of others do to connections.
    ///
    /// - Throws: `PacketFilterError`, if the node says so.
    public func obstacles() throws(PacketFilterError) -> [PacketObstacle] {
        try begin(.obstacles)
        return node.state.withLock { $0.contents.packetObstacles }
    }

    /// Begins an operation, which fails if the node says so.
    private func begin(_ operation: InMemoryNode.RuleOperation) throws(PacketFilterError) {
        if let error = node.state.withLock({ $0.contents.ruleErrors[operation] }) { throw error }
    }
}

extension NodeState {
    /// Writes a difference, as a whole or not at all.
    ///
    /// - Returns: What was refused; nil if nothing was.
    fileprivate mutating func write(_ difference: PacketRules.Difference) -> String? {
        guard difference.isFromScratch || contents.packetRules != nil else { return "there are no rules" }
        var rules = contents.packetRules ?? PacketRules()
        if difference.isFromScratch { rules = PacketRules(rules.options) }
        for element in difference.removed where rules.elements[element.key] != element.value {
            return "there is no \(element)"
        }
        let kept = rules.elements.subtracting(difference.removed)
        for element in difference.added where ![nil, element.value].contains(kept[element.key]) {
            return "there is another \(element)"
        }
        rules.apply(difference)
        for case .sourceRanges(let name) in rules.elements.values where rules.sourceRanges[name] == nil {
            return "there are no source ranges of \(name)"
        }
        contents.packetRules = rules
        generation += 1
        writtenRules.append(difference)
        return nil
    }
}

extension [PacketRules.Key: PacketRules.Value] {
    /// The elements without those of a list.
    fileprivate func subtracting(_ elements: [PacketRules.Element]) -> Self {
        var rest = self
        for element in elements { rest[element.key] = nil }
        return rest
    }
}
