/// The faults that are to happen to messages of a kind.
package struct FaultPlan<Command: Sendable>: Sendable {
    private var numbered: [(fault: InMemoryKernel.Fault, place: Int)] = []
    private var matching: [(fault: InMemoryKernel.Fault, times: Int, matches: @Sendable (Command) -> Bool)] = []

    /// The number of commands since the first fault was planned.
    private var count = 0

    package init() {}

    package mutating func add(_ fault: InMemoryKernel.Fault, at place: Int) { numbered.append((fault, count + place)) }

    package mutating func add(
        _ fault: InMemoryKernel.Fault,
        times: Int,
        where matches: @escaping @Sendable (Command) -> Bool
    ) {
        if times > 0 { matching.append((fault, times, matches)) }
    }

    /// The fault of the next command.
    package mutating func next(for command: Command) -> InMemoryKernel.Fault? {
        count += 1
        if let index = numbered.firstIndex(where: { $0.place == count }) { return numbered.remove(at: index).fault }
        guard let index = matching.firstIndex(where: { $0.matches(command) }) else { return nil }
        matching[index].times -= 1
        return matching[index].times == 0 ? matching.remove(at: index).fault : matching[index].fault
    }
}
