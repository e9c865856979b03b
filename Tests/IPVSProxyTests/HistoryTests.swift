import IPVS
import IPVSProxyTestSamples
import Testing

@testable import IPVSProxy

@Suite("Random histories of events")
struct HistoryTests {
    @Test("The desired state is that of the final objects, however often it was committed before", arguments: 1...60)
    func history(seed: UInt64) {
        var random = RandomHistory(seed: seed)
        let node = random.node()
        var objects = FinalObjects(node: node)
        var state = DesiredState(node: node)
        // The state that results from the updates alone.
        var table = Table()
        var addresses: Set<IPAddress> = []
        for _ in 0..<60 {
            for _ in 0..<random.number(1...8) {
                let event = random.event()
                objects.take(event)
                state.take(event)
            }
            let rejectionsBefore = Set(state.rejections)
            let tableBefore = state.table
            let update = state.commit()

            for id in update.virtualServers {
                #expect(table[id] == tableBefore[id])
                #expect(tableBefore[id] != state.table[id])
                if let new = state.table[id] { table.replace(new) } else { table.remove(id) }
            }
            #expect(addresses.isDisjoint(with: update.addressesToBind))
            #expect(addresses.isSuperset(of: update.addressesToUnbind))
            addresses.formUnion(update.addressesToBind)
            addresses.subtract(update.addressesToUnbind)

            let expected = Expectation(objects)
            #expect(state.table == expected.table)
            #expect(table == expected.table)
            #expect(Set(state.addresses) == expected.addresses)
            #expect(addresses == expected.addresses)
            #expect(Set(state.rejections) == expected.rejections)
            #expect(state.rejectionCount == state.rejections.count)
            #expect(Set(update.rejections) == expected.rejections.subtracting(rejectionsBefore))
            for origin in ClientOrigin.allCases {
                #expect(state.servicePortsWithoutLocalEndpoints(for: origin) == expected.unserved[origin])
            }
            #expect(state.servicePortCount == objects.services.values.reduce(0) { $0 + $1.ports.count })
            let again = state.commit()
            #expect(again == DesiredState.Update())
        }
    }

    @Test("The order in which objects become known doesn't matter, nor do earlier states", arguments: 1...20)
    func order(seed: UInt64) {
        var random = RandomHistory(seed: seed)
        var objects = FinalObjects(node: random.node())
        for _ in 0..<60 { objects.take(random.event()) }
        let expected = Expectation(objects)
        var events = objects.services.values.map(RandomHistory.Event.service)
        events += objects.slices.values.map(RandomHistory.Event.slice)
        events.append(.node(objects.node))
        for _ in 0..<10 {
            random.shuffle(&events)
            var state = DesiredState(node: random.node())
            for event in events {
                state.take(event)
                if random.number(1...3) == 1 { _ = state.commit() }
            }
            _ = state.commit()
            #expect(state.table == expected.table)
            #expect(Set(state.addresses) == expected.addresses)
        }
    }
}
