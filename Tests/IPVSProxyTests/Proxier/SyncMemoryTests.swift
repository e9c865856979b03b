import IPVS
import IPVSProxyTestSamples
import Testing

@testable import IPVSProxy

@Suite("What a proxier remembers between syncs")
struct SyncMemoryTests {
    private let web = id("TCP 10.96.0.1:80")
    private let api = id("TCP 10.96.0.2:80")

    private func table(_ ids: VirtualServer.Identity...) -> Table {
        var table = Table()
        for id in ids { table.replace(Table.Entry(VirtualServer(id, scheduler: .roundRobin))) }
        return table
    }

    /// The state of a virtual server, by the names in the type's documentation.
    private func state(of id: VirtualServer.Identity, _ memory: SyncMemory) -> String {
        switch (memory.own.contains(id), memory.failed.contains(id), memory.unmade.contains(id)) {
        case (false, false, false): "unknown"
        case (true, false, false): "own"
        case (true, true, false): "doubtful"
        case (false, true, true): "unmade"
        default: "none of them"
        }
    }

    /// What a sync does with the virtual server.
    enum Step { case makes, fails, failsToMake, deletes, failsToDelete }

    @Test(
        "State transitions",
        arguments: [
            ([], "unknown"),
            ([.makes], "own"),
            ([.makes, .makes], "own"),
            ([.makes, .deletes], "unknown"),
            ([.makes, .fails], "doubtful"),
            ([.makes, .fails, .makes], "own"),
            ([.makes, .fails, .deletes], "unknown"),
            ([.makes, .failsToDelete], "doubtful"),
            ([.makes, .failsToDelete, .failsToDelete, .deletes], "unknown"),
            ([.makes, .failsToDelete, .makes], "own"),
            ([.makes, .failsToMake], "unmade"),
            ([.makes, .fails, .failsToMake], "unmade"),
            ([.fails], "doubtful"),
            ([.failsToMake], "unmade"),
            ([.failsToMake, .failsToMake], "unmade"),
            ([.failsToMake, .makes], "own"),
            ([.failsToMake, .deletes], "unknown"),
        ] as [([Step], String)],
        [false, true]
    )
    func transitions(_ row: (steps: [Step], end: String), comparingAll: Bool) {
        var memory = SyncMemory()
        for step in row.steps {
            memory.begin()
            var desired = table(web)
            switch step {
            case .makes: break
            case .fails:
                let isFirst = [memory.fail(web), memory.fail(web)]
                #expect(isFirst == [true, false])
            case .failsToMake:
                _ = memory.fail(web)
                memory.failToMake([web])
            case .deletes: desired = table()
            case .failsToDelete:
                desired = table()
                _ = memory.fail(web)
            }
            if comparingAll { memory.settleAll(in: desired) } else { memory.settle([web], in: desired) }
        }
        #expect(state(of: web, memory) == row.end)
        #expect(memory.owns(web, at: address("10.96.0.1")) == ["own", "doubtful"].contains(row.end))
    }

    @Test("A sync of changes settles the virtual servers it has checked, a full sync all, one that breaks off none")
    func extent() {
        var memory = SyncMemory()
        memory.settleAll(in: table(web, api))
        memory.begin()
        memory.settle([web], in: table())
        #expect(memory.own == [api])
        memory.begin()
        _ = memory.fail(api)
        memory.leave([address("10.96.0.2")])
        #expect(memory.own == [api] && memory.failed == [api] && memory.leftAddresses == [address("10.96.0.2")])
        memory.begin()
        #expect(memory.failed.isEmpty && memory.leftAddresses.isEmpty)
        memory.settleAll(in: table(web))
        #expect(memory.own == [web])
        memory.forgetAll()
        #expect(memory == SyncMemory())
    }

    @Test("A take-over claims virtual servers at bound addresses, and others, until it ends")
    func claims() {
        var memory = SyncMemory()
        memory.claim(at: [address("10.96.0.1")], and: [api], loopbackPorts: [])
        #expect(memory.owns(web, at: address("10.96.0.1")) && memory.owns(api, at: address("10.96.0.2")))
        #expect(!memory.owns(id("TCP 10.96.0.2:81"), at: address("10.96.0.2")))
        memory.endClaims()
        #expect(memory == SyncMemory())
    }
}
