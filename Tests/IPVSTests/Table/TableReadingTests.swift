import CIPVS
import Glibc
import Testing

@testable import IPVS
@testable import Netlink

private typealias Script = ScriptedChannel

@Suite("Reading and applying a table")
struct TableReadingTests {
    private let web = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80), scheduler: .roundRobin)
    private let dns = VirtualServer(.udp(IPAddress(10, 96, 0, 10), 53), scheduler: .roundRobin)
    private let mail = VirtualServer(.tcp(IPAddress(10, 96, 0, 2), 25), scheduler: .roundRobin)
    private let one = RealServer(IPAddress(10, 244, 1, 1), 80, forwarding: .masquerade)
    private let two = RealServer(IPAddress(10, 244, 1, 2), 80, forwarding: .masquerade)

    /// The steps of reading a list.
    private func list(_ servers: [VirtualServer]) -> [Script.Step] {
        [.take, .deliver(servers.map { .message($0.reply()) } + [.done()])]
    }

    private func list(_ servers: [RealServer]) -> [Script.Step] {
        [.take, .deliver(servers.map { .message($0.reply()) } + [.done()])]
    }

    private var table: Table {
        get throws {
            try Table([Table.Entry(web, realServers: [one, two]), Table.Entry(dns, realServers: [one])])
        }
    }

    @Test("One list of all virtual servers, and one for each virtual server")
    func reading() throws {
        let channel = try Script.run(list([web, dns]) + list([one, two]) + list([one])) { (handle) throws in
            #expect(try handle.table() == table)
        }
        #expect(
            channel.sent.dropFirst().map { Int($0.command) } == [IPVS_CMD_GET_SERVICE] + [
                IPVS_CMD_GET_DEST, IPVS_CMD_GET_DEST,
            ]
        )
    }

    @Test("A duplicate means that the table changed meanwhile, so it is read again")
    func twice() throws {
        let good = list([web, dns]) + list([one, two]) + list([one])
        let services = list([web, dns, web])
        let reals = list([web, dns]) + list([one, one])
        for bad in [services, reals] {
            try Script.run(bad + good) { (handle) throws in #expect(try handle.table() == table) }
        }
    }

    @Test("A list with a duplicate lacks something else, so it is read again")
    func duplicatesInLists() throws {
        try Script.run(list([web, web]) + list([web, dns])) { (handle) throws in
            #expect(try handle.virtualServers().map(\.server) == [web, dns])
        }
        try Script.run(list([two, two]) + list([one, two])) { (handle) throws in
            #expect(try handle.realServers(of: web.id).map(\.server) == [one, two])
        }
        try Script.run(Array(repeating: list([web, web]), count: 5).flatMap { $0 }) { handle in
            try expectError(.tableChanging) { _ = try handle.virtualServers() }
        }
        try Script.run(Array(repeating: list([one, one]), count: 5).flatMap { $0 }) { handle in
            try expectError(.tableChanging) { _ = try handle.realServers(of: web.id) }
        }
    }

    @Test("A virtual server without real servers may have been deleted, so it is looked up")
    func gone() throws {
        let first = list([web, dns]) + list([one]) + list([] as [RealServer]) + list([web])
        try Script.run(first + list([web]) + list([one])) { (handle) throws in
            #expect(try handle.table() == Table([Table.Entry(web, realServers: [one])]))
        }
        let empty = list([web]) + list([] as [RealServer]) + list([web])
        try Script.run(empty) { (handle) throws in
            #expect(try handle.table() == Table([Table.Entry(web)]))
        }
    }

    @Test("Statuses are read one virtual server at a time, and a deleted one is omitted")
    func statuses() throws {
        let missing: [Script.Step] = [.take, .deliver([.error(ESRCH)])]
        let first: [Script.Step] = list([web, dns, mail]) + list([one, two])
        let rest: [Script.Step] = list([] as [RealServer]) + missing + list([] as [RealServer])
        try Script.run(first + rest + [.take, .deliver([.message(mail.reply()), .error(0)])]) { handle in
            var statuses = try handle.tableStatuses()
            let service = try #require(try statuses.next())
            #expect(service.virtualServer.server == web)
            #expect(service.realServers.map(\.server) == [one, two])
            // The next one has been deleted; the one after it exists, and has no real servers.
            let empty = try #require(try statuses.next())
            #expect(empty.virtualServer.server == mail && empty.realServers.isEmpty)
            let end = try statuses.next()
            #expect(end == nil)
        }
    }

    @Test("A malformed status is an error, and those after it are read")
    func brokenStatuses() throws {
        let denied: [Script.Step] = [.take, .deliver([.error(EPERM)])]
        try Script.run(list([web, dns]) + denied + list([one])) { handle in
            var statuses = try handle.tableStatuses()
            try expectError(.permissionDenied) { _ = try statuses.next() }
            let service = try #require(try statuses.next())
            #expect(service.virtualServer.server == dns)
        }
    }

    @Test("A table that keeps changing is an error")
    func changing() throws {
        let restless = list([web, web])
        try Script.run(Array(repeating: restless, count: 5).flatMap { $0 }) { handle in
            let error = try expectError(.tableChanging) { _ = try handle.table() }
            #expect("\(error)" == "can't list virtual servers: the table was changed by others each time it was read")
        }
    }

    @Test("A table that is already right is only read")
    func nothingToDo() throws {
        let channel = try Script.run(list([web, dns]) + list([one, two]) + list([one])) { (handle) throws in
            let report = try handle.apply(table)
            #expect(report.plan.isEmpty)
            #expect(report.description == "0 added, 0 updated, 0 deleted, 5 unchanged, 0 failed")
        }
        let reads = [IPVS_CMD_GET_SERVICE, IPVS_CMD_GET_DEST]
        #expect(channel.sent.dropFirst().allSatisfy { reads.contains(Int($0.command)) })
    }

    @Test("A dry run only reads")
    func dryRun() throws {
        let channel = try Script.run(list([web]) + list([one])) { (handle) throws in
            let plan = try handle.plan(table)
            #expect(
                plan.changes == [
                    .addRealServer(two, to: web.id), .addVirtualServer(dns), .addRealServer(one, to: dns.id),
                ]
            )
        }
        #expect(channel.sent.count == 3)
    }

    @Test("A desired table outside the owned part is refused before anything is read")
    func notOwned() throws {
        let channel = try Script.run([]) { handle in
            try expectRefusal("id") { _ = try handle.apply(try table, owning: { $0 == web.id }) }
        }
        #expect(channel.sent.count == 1)
    }
}
