import IPVS
import IPVSTestKernel
import IPVSTestModels
import IPVSTesting
import Testing

extension KernelTests.Differential {
    /// Handles throw the same errors, with the same words, and leave the same tables behind.
    @Test(arguments: UInt64(1)...10)
    func theSameErrors(_ seed: UInt64) throws {
        let namespace = try TestNamespace()
        let kernel = try InMemoryKernel(like: namespace)
        let (real, model) = (try namespace.open(), try Handle(testing: kernel))
        var history = RandomOperations(seed: seed)
        for number in 0..<200 {
            let (name, body) = history.next()
            let outcome = Self.outcome { try body(real) }
            try #require(Self.outcome { try body(model) } == outcome, "seed \(seed), operation \(number): \(name)")
        }
        #expect(try real.table() == kernel.table)
        #expect(Set(try model.virtualServers()) == Set(try real.virtualServers()))
    }

    private static func outcome(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "success"
        } catch {
            return "\(error)"
        }
    }
}

/// Random operations of a handle about servers that are there, or are not.
private struct RandomOperations {
    typealias Operation = (name: String, body: (Handle) throws -> Void)

    private var models: RandomModels
    private let servers: [VirtualServer]
    private let realServers: [VirtualServer.Identity: [RealServer]]

    init(seed: UInt64) {
        var models = RandomModels(seed: seed)
        models.schedulers = [
            .roundRobin, .weightedRoundRobin, .sourceHashing, .maglevHashing, Scheduler(rawValue: "none"),
        ]
        servers = (0..<12).map { _ in models.virtualServer() }
        var realServers: [VirtualServer.Identity: [RealServer]] = [:]
        for server in servers { realServers[server.id] = (0..<6).map { _ in models.realServer(for: server.id) } }
        self.realServers = realServers
        self.models = models
    }

    mutating func next() -> Operation {
        var server = models.pick(servers)
        let id = server.id
        server.persistence = models.once(in: 2) ? models.persistence(id.family) : nil
        var real = models.pick(realServers[id] ?? [])
        real.weight = models.number(0...UInt32(Int32.max))
        let timeouts = models.timeouts()
        let operations: [Operation] = [
            ("add \(server)", { try $0.add(server) }), ("update \(server)", { try $0.update(server) }),
            ("delete \(id)", { try $0.delete(id) }), ("zero \(id)", { try $0.zeroCounters(of: id) }),
            ("add \(real) to \(id)", { try $0.add(real, to: id) }),
            ("update \(real) of \(id)", { try $0.update(real, of: id) }),
            ("delete \(real.endpoint) from \(id)", { try $0.delete(real.endpoint, from: id) }),
            ("set \(timeouts)", { try $0.setTimeouts(timeouts) }),
        ]
        return operations[models.pick([0, 0, 0, 1, 1, 2, 3, 4, 4, 4, 4, 5, 5, 6, 7])]
    }
}
