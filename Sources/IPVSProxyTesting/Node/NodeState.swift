import IPVSProxy
import IPVSTesting

/// The state of a node in memory.
struct NodeState: Sendable {
    var contents = InMemoryNode.Contents()

    /// The numbers of the interfaces.
    var links = LinkNumbers(InMemoryNode.Interface.initial)

    /// Counts the changes of packet rules, of anybody.
    var generation = 0

    /// The number of sockets that were opened.
    var sockets: UInt32 = 0

    var requests: [InMemoryNode.Request] = []
    var writtenRules: [PacketRules.Difference] = []
    var faults = FaultPlan<InMemoryNode.Request>()

    /// What others do before each request.
    var beforeEachRequest: (@Sendable (InMemoryNode.Request, inout InMemoryNode.Contents) -> Void)?

    /// How much the node's clock is ahead of the machine's.
    var timeAhead = Duration.zero
}

/// The numbers of a kernel's interfaces. Unlike a name, a number is never used again.
struct LinkNumbers: Sendable {
    private(set) var byName: [String: Int32] = [:]
    private var last: Int32 = 0

    init(_ interfaces: [String: InMemoryNode.Interface]) { number(interfaces) }

    /// Gives numbers to interfaces that are new, and forgets those that are gone. `lo` has the first, as everywhere.
    mutating func number(_ interfaces: [String: InMemoryNode.Interface]) {
        byName = byName.filter { interfaces[$0.key] != nil }
        let new = interfaces.keys.filter { byName[$0] == nil }
        for name in new.sorted(by: { $1 != "lo" && ($0 == "lo" || $0 < $1) }) {
            last += 1
            byName[name] = last
        }
    }

    /// The name of the interface with a number.
    func name(of number: Int32) -> String? { byName.first { $0.value == number }?.key }

    /// The name of the interface with a number; if there is none, the number.
    func nameOrNumber(_ number: Int32) -> String { name(of: number) ?? "#\(number)" }

    /// The names with their numbers, in the order of the numbers.
    var sorted: [(name: String, number: Int32)] {
        byName.map { (name: $0.key, number: $0.value) }.sorted { $0.number < $1.number }
    }
}
