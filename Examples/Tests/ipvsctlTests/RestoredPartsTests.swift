import IPVS
import Testing

@testable import ipvsctl

@Suite("What a restore has changed, compared with the table in the end")
struct RestoredPartsTests {
    private let web = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80), scheduler: .roundRobin)
    private let api = VirtualServer(.tcp(IPAddress(10, 96, 0, 2), 80), scheduler: .roundRobin)

    private func real(_ host: UInt8, weight: UInt32 = 1) -> RealServer {
        RealServer(IPAddress(10, 244, 1, host), 8080, forwarding: .masquerade, weight: weight)
    }

    private func differences(_ commands: Compatible.Command..., from entries: Table.Entry...) throws -> Int {
        var parts = RestoredParts()
        for command in commands { parts.record(command) }
        return parts.differences(from: try Table(entries))
    }

    private func entry(_ server: VirtualServer, _ realServers: RealServer...) throws -> Table.Entry {
        try Table.Entry(server, realServers: realServers)
    }

    @Test("What the lines have made is as they say")
    func same() throws {
        let commands: [Compatible.Command] = [
            .add(web), .addRealServer(real(1), web.id), .addRealServer(real(2), web.id),
            .deleteRealServer(real(2).endpoint, web.id), .add(api), .delete(api.id),
        ]
        var parts = RestoredParts()
        #expect(parts.isEmpty)
        for command in commands { parts.record(command) }
        #expect(!parts.isEmpty)
        #expect(parts.differences(from: try Table([try entry(web, real(1))])) == 0)
        parts.record(.clear)
        #expect(parts.isEmpty)
    }

    @Test("What the lines say nothing about may be anything")
    func others() throws {
        #expect(try differences(.addRealServer(real(1), web.id), from: entry(web, real(1), real(2)), entry(api)) == 0)
        #expect(try differences(.add(web), from: entry(web, real(2))) == 0)
    }

    @Test("What differs is counted")
    func differences() throws {
        #expect(try differences(.add(web), .add(api), from: entry(api)) == 1)
        #expect(try differences(.delete(web.id), from: entry(web)) == 1)
        var other = web
        other.scheduler = .leastConnection
        #expect(try differences(.edit(web), from: entry(other)) == 1)
        #expect(try differences(.addRealServer(real(1), web.id), from: entry(web, real(1, weight: 2))) == 1)
        #expect(try differences(.addRealServer(real(1), web.id), from: entry(web)) == 1)
        #expect(try differences(.deleteRealServer(real(1).endpoint, web.id), from: entry(web, real(1))) == 1)
        #expect(
            try differences(.add(web), .addRealServer(real(1), web.id), from: entry(other, real(1, weight: 2))) == 2
        )
    }
}
