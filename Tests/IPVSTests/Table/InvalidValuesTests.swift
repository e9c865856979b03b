import IPVS
import IPVSTestModels
import Testing

@Suite("Invalid values of tables")
struct InvalidValuesTests {
    @Test func eachIsTold() throws {
        let good = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80))
        let bad = VirtualServer(.tcp(IPAddress(10, 96, 0, 2), 80), scheduler: Scheduler(rawValue: ""))
        let host = RealServer(IPAddress(10, 244, 1, 1), 80, forwarding: .masquerade)
        let heavy = RealServer(IPAddress(10, 244, 1, 2), 80, forwarding: .masquerade, weight: .max)
        let nowhere = RealServer(IPAddress(0, 0, 0, 0), 80, forwarding: .masquerade)
        let table = try Table([
            Table.Entry(good, realServers: [heavy, host, nowhere]), Table.Entry(bad, realServers: [host]),
        ])
        let errors = table.invalidValues
        #expect(
            errors.map(\.description) == [
                "can't add real server 0.0.0.0:80 to TCP 10.96.0.1:80: address 0.0.0.0 is not that of a single host",
                "can't add real server 10.244.1.2:80 to TCP 10.96.0.1:80: weight 4294967295 is above 2147483647",
                "can't add virtual server TCP 10.96.0.2:80: scheduler is empty",
            ]
        )
        #expect(errors.map(\.field) == ["endpoint", "weight", "scheduler"])
        #expect(errors.map(\.operation.realServer) == [nowhere.endpoint, heavy.endpoint, nil])
        #expect(errors.map(\.reason).last == "scheduler is empty")
        #expect(errors.allSatisfy { $0.code == .invalidValue })
    }

    @Test func goodTablesHaveNone() throws {
        var models = RandomModels(seed: 2)
        var table = Table()
        for _ in 0..<200 {
            let server = models.virtualServer()
            var service = Table.Entry(server)
            for _ in 0..<5 { service.replace(models.realServer(for: server.id)) }
            table.replace(service)
        }
        #expect(table.invalidValues.isEmpty)
        #expect(Table().invalidValues.isEmpty)
    }
}
