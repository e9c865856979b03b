import IPVSTestModels
import Testing

@testable import IPVS

@Suite("Plans")
struct PlanTests {
    /// A table that behaves like the kernel's when changes are made one by one.
    private struct Model {
        var entries: [VirtualServer.Identity: (server: VirtualServer, reals: [Endpoint: RealServer])] = [:]

        init(_ table: Table) {
            for service in table.sortedEntries() {
                let reals = service.realServers.map { ($0.endpoint, $0) }
                entries[service.server.id] = (service.server, Dictionary(uniqueKeysWithValues: reals))
            }
        }

        /// Makes a change; false if the kernel would refuse it.
        mutating func make(_ change: Table.Plan.Change) -> Bool {
            let id = change.virtualServer
            switch change {
            case .addVirtualServer(let server):
                guard entries[id] == nil else { return false }
                entries[id] = (server, [:])
            case .updateVirtualServer(let server, let old):
                guard entries[id]?.server == old else { return false }
                entries[id]?.server = server
            case .deleteVirtualServer(let server):
                return entries.removeValue(forKey: id)?.server == server
            case .addRealServer(let real, _):
                guard let entry = entries[id], entry.reals[real.endpoint] == nil else { return false }
                entries[id]?.reals[real.endpoint] = real
            case .updateRealServer(let real, let old, _):
                guard entries[id]?.reals[real.endpoint] == old else { return false }
                entries[id]?.reals[real.endpoint] = real
            case .deleteRealServer(let real, _):
                return entries[id]?.reals.removeValue(forKey: real.endpoint) == real
            }
            return true
        }

        func serves(_ id: VirtualServer.Identity) -> Bool {
            entries[id]?.reals.values.contains { $0.weight > 0 } ?? false
        }

        func table() throws -> Table {
            try Table(try entries.values.map { try Table.Entry($0.server, realServers: Array($0.reals.values)) })
        }
    }

    /// A table and another one that has much in common with it: services are kept, changed, removed and added.
    private static func pair(_ models: inout RandomModels) throws -> (Table, Table) {
        var (first, second) = (Table(), Table())
        for _ in UInt8(0)..<models.number(0...8) {
            let server = models.virtualServer()
            let reals = reals(for: server.id, &models)
            let service = try Table.Entry(server, realServers: reals)
            if models.once(in: 4) {
                second.replace(service)
                continue
            }
            first.replace(service)
            guard !models.once(in: 4) else { continue }
            var changed = service
            if models.once(in: 3) { changed.server.scheduler = .neverQueue }
            for real in service.realServers {
                if models.once(in: 3) { changed.remove(real.endpoint) }
                if models.once(in: 3) {
                    var other = real
                    other.weight = models.once(in: 2) ? 0 : models.number(1...9)
                    changed.replace(other)
                }
            }
            if models.once(in: 3) { for real in Self.reals(for: server.id, &models) { changed.replace(real) } }
            second.replace(changed)
        }
        return (first, second)
    }

    private static func reals(for id: VirtualServer.Identity, _ models: inout RandomModels) -> [RealServer] {
        var byEndpoint: [Endpoint: RealServer] = [:]
        for _ in UInt8(0)..<models.number(0...5) {
            var real = models.realServer(for: id)
            if models.once(in: 4) { real.weight = 0 }
            byEndpoint[real.endpoint] = real
        }
        return Array(byEndpoint.values)
    }

    @Test("A plan turns the first table into the second, and what is in both never stops serving", arguments: 1...4)
    func properties(seed: UInt64) throws {
        var models = RandomModels(seed: seed)
        var changes = 0
        for _ in 0..<500 {
            let (first, second) = try Self.pair(&models)
            let plan = Table.Plan(from: first, to: second)
            var model = Model(first)
            let (start, end) = (Model(first), Model(second))
            let lasting = first.sortedEntries().map(\.server.id).filter { start.serves($0) && end.serves($0) }
            for change in plan.changes {
                let isMade = model.make(change)
                #expect(isMade, "\(change)")
                for id in lasting { #expect(model.serves(id), "\(id) after \(change)") }
            }
            #expect(try model.table() == second)
            #expect(Table.Plan(from: second, to: second).isEmpty)
            #expect(plan.isEmpty == (first == second))
            #expect(plan.batch.count == plan.changes.count)
            changes += plan.changes.count
        }
        #expect(changes > 1_000)
    }

    @Test("Nothing is deleted that can be updated, and services are deleted as a whole", arguments: 1...2)
    func economy(seed: UInt64) throws {
        var models = RandomModels(seed: seed)
        for _ in 0..<300 {
            let (first, second) = try Self.pair(&models)
            for change in Table.Plan(from: first, to: second).changes {
                switch change {
                case .deleteVirtualServer(let server): #expect(second[server.id] == nil)
                case .deleteRealServer(let real, let id):
                    let service = try #require(second[id])
                    #expect(!service.realServers.contains { $0.endpoint == real.endpoint })
                case .addVirtualServer(let server): #expect(first[server.id] == nil)
                case .addRealServer(let real, let id):
                    #expect(first[id]?.realServers.contains { $0.endpoint == real.endpoint } != true)
                case .updateVirtualServer(let server, let old): #expect(server != old && server.id == old.id)
                case .updateRealServer(let real, let old, _): #expect(real != old && real.endpoint == old.endpoint)
                }
            }
        }
    }

    private static let web = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80), scheduler: .roundRobin)
    private static let dns = VirtualServer(.udp(IPAddress(10, 96, 0, 10), 53), scheduler: .roundRobin)
    private static let mark = VirtualServer(.firewallMark(7), scheduler: .roundRobin)

    private static func real(_ host: UInt8, weight: UInt32 = 1) -> RealServer {
        RealServer(IPAddress(10, 244, 1, host), 8080, forwarding: .masquerade, weight: weight)
    }

    @Test("A plan reads like a diff")
    func text() throws {
        var changed = Self.web
        changed.scheduler = .weightedRoundRobin
        let first = try Table([
            Table.Entry(Self.web, realServers: [Self.real(1), Self.real(2), Self.real(3)]),
            Table.Entry(Self.dns, realServers: [Self.real(1)]),
            Table.Entry(Self.mark),
        ])
        let second = try Table([
            Table.Entry(changed, realServers: [Self.real(2, weight: 0), Self.real(3, weight: 5), Self.real(4)]),
            Table.Entry(Self.dns, realServers: [Self.real(2)]),
        ])
        let plan = Table.Plan(from: first, to: second)
        #expect(
            plan.description == """
                - TCP 10.96.0.1:80 rr
                + TCP 10.96.0.1:80 wrr
                +   10.244.1.4:8080 masquerade weight 1
                -   10.244.1.3:8080 masquerade weight 1
                +   10.244.1.3:8080 masquerade weight 5
                -   10.244.1.2:8080 masquerade weight 1
                +   10.244.1.2:8080 masquerade weight 0
                -   10.244.1.1:8080 masquerade weight 1
                  UDP 10.96.0.10:53
                +   10.244.1.2:8080 masquerade weight 1
                -   10.244.1.1:8080 masquerade weight 1
                - FWM 7 rr
                """
        )
        let additions = plan.filter { if case .addRealServer = $0 { true } else { false } }
        #expect(additions.changes.map(\.virtualServer) == [Self.web.id, Self.dns.id])
    }
}
