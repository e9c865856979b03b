import IPVSProxyTesting
import IPVSTestModels

@testable import IPVSProxy

/// The packet rules of a node in memory, with all calls in order, and with something that happens before each write.
final class WatchedFilter: PacketFilter {
    private let filter: InMemoryPacketFilter
    private let log = Locked<[InMemoryNode.RuleOperation]>([])
    private let action = Locked<@Sendable () -> Void>({})

    init(_ node: InMemoryNode) { filter = InMemoryPacketFilter(node) }

    /// The calls.
    var calls: [InMemoryNode.RuleOperation] { log.value }

    /// Sets what happens before each write.
    func beforeEachWrite(_ body: @escaping @Sendable () -> Void) { action.withLock { $0 = body } }

    private func called(_ operation: InMemoryNode.RuleOperation) { log.withLock { $0.append(operation) } }

    func check(_ options: PacketRules.Options) throws(PacketFilterError) {
        called(.check)
        try filter.check(options)
    }

    func isUnchanged() throws(PacketFilterError) -> Bool {
        called(.isUnchanged)
        return try filter.isUnchanged()
    }

    func difference(to rules: PacketRules) throws(PacketFilterError) -> PacketRules.Difference {
        called(.difference)
        return try filter.difference(to: rules)
    }

    func write(_ difference: PacketRules.Difference) throws(PacketFilterError) {
        called(.write)
        action.value()
        try filter.write(difference)
    }

    func remove() throws(PacketFilterError) -> Bool {
        called(.remove)
        return try filter.remove()
    }

    func obstacles() throws(PacketFilterError) -> [PacketObstacle] {
        called(.obstacles)
        return try filter.obstacles()
    }
}
