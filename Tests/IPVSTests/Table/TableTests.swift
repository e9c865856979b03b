import IPVSTestModels
import Testing

@testable import IPVS

@Suite("Tables")
struct TableTests {
    private let web = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80), scheduler: .roundRobin)

    private func real(_ host: UInt8, weight: UInt32 = 1) -> RealServer {
        RealServer(IPAddress(10, 244, 1, host), 8080, forwarding: .masquerade, weight: weight)
    }

    @Test("The order of a table's contents doesn't matter")
    func order() throws {
        let other = VirtualServer(.firewallMark(1))
        let first = try Table([Table.Entry(web, realServers: [real(1), real(2)]), Table.Entry(other)])
        let second = try Table([Table.Entry(other), Table.Entry(web, realServers: [real(2), real(1)])])
        #expect(first == second)
        #expect(first.sortedEntries().map(\.server.id) == [web.id, other.id])
        #expect(first.count == 2)
        #expect(first[web.id]?.realServers == [real(1), real(2)])
        #expect(first[.firewallMark(2)] == nil)
    }

    @Test("A duplicate is a conflict, and the first one is kept")
    func conflicts() throws {
        let changed = VirtualServer(web.id, scheduler: .neverQueue)
        var table = try Table([Table.Entry(web)])
        let conflict = #expect(throws: Table.Conflict.self) { try table.insert(Table.Entry(changed)) }
        #expect(conflict?.description == "there are two virtual servers TCP 10.96.0.1:80")
        #expect(table[web.id]?.server == web)
        #expect(throws: Table.Conflict.self) { try Table([Table.Entry(web), Table.Entry(web)]) }
        let twice = #expect(throws: Table.Conflict.self) {
            try Table.Entry(web, realServers: [real(1), real(2), real(1, weight: 2)])
        }
        #expect(twice?.description == "TCP 10.96.0.1:80 has two real servers at 10.244.1.1:8080")
    }

    @Test("Services and real servers are replaced and removed")
    func changes() throws {
        var service = Table.Entry(web)
        #expect(service.replace(real(2)) == nil)
        #expect(service.replace(real(1)) == nil)
        #expect(service.replace(real(3)) == nil)
        #expect(service.replace(real(2, weight: 5)) == real(2))
        #expect(service.realServers == [real(1), real(2, weight: 5), real(3)])
        #expect(service.remove(real(1).endpoint) == real(1))
        #expect(service.remove(real(1).endpoint) == nil)
        #expect(service.remove(real(9).endpoint) == nil)
        var table = Table()
        #expect(table.isEmpty)
        #expect(table.replace(Table.Entry(web)) == nil)
        #expect(table.replace(service) == Table.Entry(web))
        #expect(table.remove(web.id) == service)
        #expect(table.remove(web.id) == nil)
        #expect(table.isEmpty)
    }

    @Test("A table's JSON")
    func json() throws {
        let table = try Table([
            Table.Entry(web, realServers: [real(1)]), Table.Entry(VirtualServer(.firewallMark(1))),
        ])
        let text =
            #"{"services":[{"id":"TCP 10.96.0.1:80","realServers":[{"endpoint":"10.244.1.1:8080","#
            + #""forwarding":"masquerade","weight":1}],"scheduler":"rr"},{"id":"FWM 1","realServers":[],"scheduler":"wlc"}]}"#
        #expect(try table.json() == text)
        #expect(try decode(text) as Table == table)
        #expect(
            try decode(#"{"services":[{"id":"FWM 1"}]}"#) as Table
                == Table([Table.Entry(VirtualServer(.firewallMark(1)))])
        )
        #expect(table.description == "TCP 10.96.0.1:80 rr\n  10.244.1.1:8080 masquerade weight 1\nFWM 1 wlc")
    }

    @Test(
        "A conflict in JSON is an error",
        arguments: [
            #"{"services":[{"id":"FWM 1"},{"id":"FWM 1"}]}"#,
            #"{"services":[{"id":"FWM 1","realServers":[{"endpoint":"10.0.0.1:1","forwarding":"local"},"#
                + #"{"endpoint":"10.0.0.1:1","forwarding":"bypass"}]}]}"#,
        ]
    )
    func jsonConflicts(text: String) {
        #expect(throws: DecodingError.self) { try decode(text) as Table }
    }

    @Test("The JSON of random tables reads back as the same", arguments: 1...2)
    func random(seed: UInt64) throws {
        var models = RandomModels(seed: seed)
        for _ in 0..<100 {
            var table = Table()
            for _ in UInt8(0)..<models.number(0...6) {
                var service = Table.Entry(models.virtualServer())
                for _ in UInt8(0)..<models.number(0...6) { service.replace(models.realServer(for: service.server.id)) }
                table.replace(service)
            }
            #expect(try decode(table.json()) == table)
        }
    }
}

extension Table {
    /// The name differs from those of the tests that use it.
    fileprivate func json() throws -> String { try IPVSTests.json(self) }
}
