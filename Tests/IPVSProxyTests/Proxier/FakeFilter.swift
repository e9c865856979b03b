import IPVS
import IPVSTestModels

@testable import IPVSProxy

/// Packet rules that stand in for those of a kernel, with all calls in order.
final class FakeFilter: PacketFilter {
    /// The kernel's part.
    struct State {
        /// The rules; nil if there are none.
        var rules: PacketRules?

        /// Counts the changes of any rules.
        var generation = 0

        /// The differences that were written.
        var written: [PacketRules.Difference] = []

        /// How often the rules were read.
        var reads = 0

        /// What fails, by the method.
        var failures: [Method: PacketFilterError] = [:]

        var obstacles: [PacketObstacle] = []

        /// Called before each write.
        var beforeWrite: @Sendable () -> Void = {}
    }

    enum Method { case check, isUnchanged, difference, write, remove, obstacles }

    let state: Locked<State>
    private let known = Locked<Int?>(nil)

    init(_ state: Locked<State> = Locked(State())) { self.state = state }

    /// The same rules, as another process sees them.
    func reopened() -> FakeFilter { FakeFilter(state) }

    /// The rules in the kernel.
    var rules: PacketRules? { state.withLock { $0.rules } }

    /// Changes the rules as others do.
    func meddle(_ body: (inout PacketRules?) -> Void) {
        state.withLock {
            body(&$0.rules)
            $0.generation += 1
        }
    }

    private func fail(_ method: Method) throws(PacketFilterError) {
        if let error = state.withLock({ $0.failures[method] }) { throw error }
    }

    func check(_ options: PacketRules.Options) throws(PacketFilterError) { try fail(.check) }

    func isUnchanged() throws(PacketFilterError) -> Bool {
        try fail(.isUnchanged)
        return state.withLock { $0.generation } == known.value
    }

    func difference(to rules: PacketRules) throws(PacketFilterError) -> PacketRules.Difference {
        try fail(.difference)
        return state.withLock { state in
            state.reads += 1
            known.withLock { $0 = state.generation }
            return rules.difference(from: state.rules)
        }
    }

    func write(_ difference: PacketRules.Difference) throws(PacketFilterError) {
        state.withLock { $0.beforeWrite }()
        let before = known.withLock { known in
            defer { known = nil }
            return known
        }
        let isKnown = before == state.withLock { $0.generation }
        try fail(.write)
        if let reason = state.withLock({ $0.write(difference) }) { throw PacketFilterError(.refused, reason) }
        // What others have changed before stays to be found.
        if isKnown { known.withLock { $0 = state.withLock { $0.generation } } }
    }

    func remove() throws(PacketFilterError) -> Bool {
        try fail(.remove)
        return state.withLock { state in
            defer { state.rules = nil }
            return state.rules != nil
        }
    }

    func obstacles() throws(PacketFilterError) -> [PacketObstacle] {
        try fail(.obstacles)
        return state.withLock { $0.obstacles }
    }
}

extension FakeFilter.State {
    /// Writes a difference, as a whole or not at all.
    ///
    /// - Returns: What was refused; nil if nothing was.
    fileprivate mutating func write(_ difference: PacketRules.Difference) -> String? {
        guard difference.isFromScratch || rules != nil else { return "there are no rules" }
        var rules = rules ?? PacketRules()
        for element in difference.removed where rules.elements[element.key] != element.value {
            return "there is no \(element)"
        }
        for element in difference.removed { rules.elements[element.key] = nil }
        for element in difference.added where ![nil, element.value].contains(rules.elements[element.key]) {
            return "there is another \(element)"
        }
        rules.apply(difference)
        for case .sourceRanges(let name) in rules.elements.values where rules.sourceRanges[name] == nil {
            return "there are no source ranges of \(name)"
        }
        self.rules = rules
        generation += 1
        written.append(difference)
        return nil
    }
}
