import Foundation
import IPVS
import IPVSTestKernel
import IPVSTestModels
import Testing

@testable import Netlink

extension KernelTests {
    @Suite struct Applying {
        let namespace: TestNamespace
        let handle: Handle

        init() throws {
            namespace = try TestNamespace()
            handle = try namespace.open()
        }

        /// Tables that any of the kernels accepts.
        private static func models(seed: UInt64) -> RandomModels {
            var models = RandomModels(seed: seed)
            models.schedulers = [.roundRobin, .weightedRoundRobin, .leastConnection, .sourceHashing, .maglevHashing]
            models.protocols = [.tcp, .udp]
            models.engines = [nil]
            return models
        }

        private static func table(_ models: inout RandomModels, size: Int) throws -> Table {
            var table = Table()
            for _ in 0..<size {
                // Few, so that the tables of a series have many entries in common.
                let address = IPAddress(10, 96, 0, models.number(1...20))
                let model = models.virtualServer()
                let id: VirtualServer.Identity =
                    models.once(in: 5) ? .firewallMark(models.number(1...9)) : .tcp(address, models.pick([80, 443]))
                var service = Table.Entry(
                    VirtualServer(id, scheduler: model.scheduler, flags: model.flags.subtracting(.onePacket))
                )
                for _ in 0..<models.number(0...6) as Range<UInt8> {
                    let host = IPAddress(10, 244, 1, models.number(1...30))
                    let weight: UInt32 = models.number(0...100)
                    let methods: [ForwardingMethod] = [.masquerade, .directRouting, .tunnel(.gue(port: 6080))]
                    service.replace(RealServer(host, 8080, forwarding: models.pick(methods), weight: weight))
                }
                table.replace(service)
            }
            return table
        }

        /// The numbers of virtual and real servers in a table.
        private static func size(of table: Table) -> Int {
            table.entries.reduce(into: 0) { $0 += 1 + $1.realServers.count }
        }

        @Test(arguments: [1, 2] as [UInt64])
        func randomTables(seed: UInt64) throws {
            var models = Self.models(seed: seed)
            for _ in 0..<20 {
                let desired = try Self.table(&models, size: Int(models.number(0...15) as UInt8))
                let plan = try handle.plan(desired)
                let before = try handle.table()
                #expect(plan == Table.Plan(from: before, to: desired))
                let report = try handle.apply(desired)
                #expect(report.failures.isEmpty, "\(report)")
                #expect(report.plan == plan)
                #expect(try handle.table() == desired)
                let again = try handle.apply(desired)
                #expect(again.plan.isEmpty)
                let size = Self.size(of: desired)
                #expect(again.description == "0 added, 0 updated, 0 deleted, \(size) unchanged, 0 failed")
            }
            #expect(try namespace.saved().count == Self.size(of: try handle.table()))
        }

        @Test func whatIsNotOwnedIsNotTouched() throws {
            let mine = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80), scheduler: .roundRobin)
            let foreign = VirtualServer(.firewallMark(7), scheduler: .roundRobin)
            try handle.add(foreign)
            try handle.add(RealServer(IPAddress(10, 244, 1, 1), 80, forwarding: .masquerade), to: foreign.id)
            let owns = { (id: VirtualServer.Identity) in id == mine.id }
            let report = try handle.apply(try Table([Table.Entry(mine)]), owning: owns)
            #expect(report.description == "1 added, 0 updated, 0 deleted, 0 unchanged, 0 failed")
            #expect(try handle.apply(Table(), owning: owns).deleted == 1)
            #expect(try handle.realServers(of: foreign.id).count == 1)
            let error = #expect(throws: IPVSError.self) {
                try handle.apply(try Table([Table.Entry(foreign)]), owning: owns)
            }
            #expect(error?.code == .invalidValue)
            #expect(error?.description.contains("not one of those that are owned") == true)
        }

        @Test func failuresAreToldAndTheRestIsDone() throws {
            let good = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80), scheduler: .roundRobin)
            let bad = VirtualServer(.tcp(IPAddress(10, 96, 0, 2), 80), scheduler: Scheduler(rawValue: "nosuch"))
            let real = RealServer(IPAddress(10, 244, 1, 1), 80, forwarding: .masquerade)
            let desired = try Table([
                Table.Entry(good, realServers: [real]), Table.Entry(bad, realServers: [real]),
            ])
            let report = try handle.apply(desired)
            #expect(report.failures.map(\.change) == [.addVirtualServer(bad), .addRealServer(real, to: bad.id)])
            #expect(report.failures.map(\.error.code) == [.schedulerNotFound, .virtualServerNotFound])
            #expect(report.added == 2)
            #expect(try handle.table() == Table([Table.Entry(good, realServers: [real])]))
        }

        /// While another program adds and deletes entries outside the owned part, the owned part is corrected.
        @Test func aSecondWriter() throws {
            var models = Self.models(seed: 3)
            let desired = try Self.table(&models, size: 12)
            let other = try namespace.open()
            let writer = Thread {
                for number in UInt32(1)...2_000 where !Thread.current.isCancelled {
                    let id = VirtualServer.Identity.udp(IPAddress(10, 97, 0, UInt8(number % 250)), 53)
                    // Some already exist, and some deleted ones don't exist: any change is enough.
                    try? other.add(VirtualServer(id, scheduler: .roundRobin))
                    if number % 3 == 0 { try? other.delete(id) }
                }
            }
            writer.start()
            let owns = { (id: VirtualServer.Identity) in desired[id] != nil }
            for _ in 0..<20 {
                do {
                    #expect(try handle.apply(desired, owning: owns).failures.isEmpty)
                } catch {
                    #expect(error.code == .tableChanging)
                }
            }
            writer.cancel()
            try eventually { writer.isFinished }
            _ = try handle.apply(desired, owning: owns)
            for service in desired.entries { #expect(try handle.table()[service.server.id] == service) }
        }

        /// The statuses have the table's configuration, and the same values as the lists of each virtual server.
        @Test func statuses() throws {
            var models = Self.models(seed: 4)
            let desired = try Self.table(&models, size: 12)
            _ = try handle.apply(desired)
            var read = Table()
            var statuses = try handle.tableStatuses()
            while let status = try statuses.next() {
                let (server, realServers) = (status.virtualServer.server, status.realServers)
                #expect(Set(realServers) == Set(try handle.realServers(of: server.id)))
                #expect(status.virtualServer == (try handle.virtualServer(server.id)))
                try read.insert(Table.Entry(server, realServers: realServers.map(\.server)))
            }
            #expect(read == desired)
        }

        /// Entries that another program deletes between two reads are omitted, without an error.
        @Test func statusesUnderASecondWriter() throws {
            var models = Self.models(seed: 5)
            let desired = try Self.table(&models, size: 12)
            _ = try handle.apply(desired)
            let ids = desired.sortedEntries().map(\.server.id)
            let other = try namespace.open()
            var statuses = try handle.tableStatuses()
            var seen: [VirtualServer.Identity] = []
            while let status = try statuses.next() {
                seen.append(status.virtualServer.server.id)
                // The first one that was not read yet. It may have been deleted earlier.
                if let next = ids.first(where: { !seen.contains($0) }) { try? other.delete(next) }
            }
            let left = Set(try handle.table().entries.map(\.server.id))
            #expect(Set(seen) == left && seen.count == left.count)
            #expect((1..<ids.count).contains(seen.count))
        }

        /// A client's connection survives while everything else is changed.
        @Test func aConnectionSurvives() throws {
            let server = try EchoServer(namespace, port: 8080)
            let web = VirtualServer(.tcp(IPAddress(127, 0, 0, 10), 80), scheduler: .roundRobin)
            let real = RealServer(IPAddress(127, 0, 0, 1), 8080, forwarding: .masquerade)
            _ = try handle.apply(try Table([Table.Entry(web, realServers: [real])]))
            let connection = try TestConnection(namespace, to: 0x7f00_000a, port: 80)
            #expect(connection.isAlive())
            var models = Self.models(seed: 4)
            for round in UInt32(1)...5 {
                var changed = web
                changed.scheduler = models.pick(models.schedulers)
                changed.persistence = models.once(in: 2) ? Persistence(timeout: round) : nil
                var desired = try Self.table(&models, size: 10)
                var idle = real
                idle.weight = round % 2
                idle.upperThreshold = round
                let another = RealServer(IPAddress(10, 244, 2, UInt8(round)), 80, forwarding: .masquerade)
                desired.replace(try Table.Entry(changed, realServers: [idle, another]))
                #expect(try handle.apply(desired).failures.isEmpty)
                #expect(try handle.table() == desired)
                #expect(connection.isAlive())
            }
            withExtendedLifetime(server) {}
        }
    }
}
