import Foundation
import Glibc
import IPVS
import IPVSTestKernel
import Testing

extension KernelTests {
    /// What the library needs in the long run, and under load.
    @Suite struct Endurances {
        private static let variable = "IPVS_LISTED_NAMESPACE"

        let namespace: TestNamespace

        init() throws { namespace = try TestNamespace() }

        /// Additions, changes, reads, errors and deletions, one by one, in batches and as tables.
        @Test(.enabled(if: ProcessInfo.processInfo.environment[variable] == nil, "only a part of the suite is wanted"))
        func memoryAndDescriptorsStayTheSame() throws {
            let handle = try namespace.open()
            var (operations, before) = (0, try ProcessUsage.current())
            var isWarm = false
            while operations < Endurance.operations {
                operations += try round(handle)
                // The first rounds fill what is kept: buffers and the allocator's pages.
                if !isWarm, operations > Endurance.operations / 10 { (before, isWarm) = (try .current(), true) }
            }
            let after = try ProcessUsage.current()
            print(
                "\(operations) operations: \(before.memory >> 10) KiB and \(before.descriptors) descriptors after a tenth, "
                    + "\(after.memory >> 10) KiB and \(after.descriptors) at the end"
            )
            #expect(after.descriptors == before.descriptors)
            #expect(after.memory - before.memory < 2 << 20)
            #expect(try handle.table().isEmpty)
        }

        /// Returns the number of operations.
        private func round(_ handle: Handle) throws -> Int {
            let web = VirtualServer(.tcp(IPAddress(10, 97, 0, 1), 80), scheduler: .roundRobin)
            let reals = (UInt8(1)...20).map { RealServer(IPAddress(10, 244, 0, $0), 80, forwarding: .masquerade) }
            try handle.add(web)
            #expect(throws: IPVSError.self) { try handle.add(web) }
            for real in reals { try handle.add(real, to: web.id) }
            #expect(try handle.realServers(of: web.id).count == reals.count)
            let outcome = try handle.perform { batch in
                for real in reals { batch.delete(real.endpoint, from: web.id) }
                for real in reals { batch.add(real, to: web.id) }
            }
            #expect(outcome.failures.isEmpty)
            let report = try handle.apply(try Table([Table.Entry(web, realServers: Array(reals.prefix(10)))]))
            #expect(report.failures.isEmpty)
            #expect(throws: IPVSError.self) { try handle.add(reals[0], to: .firewallMark(1)) }
            #expect(try Handle(namespace: .path(namespace.path)).virtualServer(web.id)?.server == web)
            try handle.delete(web.id)
            return 2 + reals.count + 1 + 2 * reals.count + 10 + 1 + 1 + 1
        }

        /// Each thread reads what it has written, whether they share a handle or have their own.
        @Test(arguments: [false, true])
        func sixteenThreads(hasOwnHandles: Bool) throws {
            let shared = try namespace.open()
            let group = DispatchGroup()
            let rounds = UInt8(Endurance.isLong ? 200 : 20)
            for number in UInt8(1)...16 {
                let handle = hasOwnHandles ? try namespace.open() : shared
                group.enter()
                Thread.detachNewThread {
                    defer { group.leave() }
                    do {
                        for round in 1...rounds { try Self.work(handle, number, round) }
                    } catch {
                        Issue.record(error)
                    }
                }
            }
            group.wait()
            #expect(try shared.virtualServers().count == 16 * Int(rounds))
        }

        private static func work(_ handle: Handle, _ number: UInt8, _ round: UInt8) throws {
            let id = VirtualServer.Identity.tcp(IPAddress(10, 98, number, round), 80)
            let server = VirtualServer(id, scheduler: .roundRobin)
            let reals = (UInt8(1)...5).map { RealServer(IPAddress(10, number, round, $0), 80, forwarding: .masquerade) }
            try handle.add(server)
            let outcome = try handle.perform { batch in for real in reals { batch.add(real, to: id) } }
            #expect(outcome.failures.isEmpty)
            #expect(try handle.virtualServer(id)?.server == server)
            #expect(try Set(handle.realServers(of: id).map(\.server)) == Set(reals))
            let error = #expect(throws: IPVSError.self) { try handle.add(reals[0], to: id) }
            #expect(error?.code == .realServerExists)
        }

        /// The process that the test below starts: it reads the table with less memory than a copy of each message would take.
        @Test(.enabled(if: ProcessInfo.processInfo.environment[variable] != nil, "a part of the next test"))
        func reader() throws {
            let path = try #require(ProcessInfo.processInfo.environment[Self.variable])
            let handle = try Handle(namespace: .path(path))
            let before = try ProcessUsage.current()
            var limit = rlimit()
            limit.rlim_cur = rlim_t(before.data + 48 << 20)
            limit.rlim_max = limit.rlim_cur
            #expect(setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &limit) == 0)
            let table = try handle.table()
            #expect(table.count == 10_000 && table.entries.allSatisfy { $0.realServers.count == 5 })
            let after = try ProcessUsage.current()
            FileHandle.standardError.write(Data("read with \((after.memory - before.memory) >> 10) KiB\n".utf8))
        }

        @Test(.enabled(if: ProcessInfo.processInfo.environment[variable] == nil, "this is its part"))
        func sixtyThousandObjectsInLittleMemory() throws {
            let handle = try namespace.open()
            let outcome = try handle.perform { batch in
                for number in UInt32(0)..<10_000 {
                    let id = VirtualServer.Identity.tcp(IPAddress(ipv4: 0x0a61_0000 + number), 80)
                    batch.add(VirtualServer(id, scheduler: .roundRobin))
                    for real in UInt8(1)...5 {
                        batch.add(RealServer(IPAddress(10, 244, 0, real), 80, forwarding: .masquerade), to: id)
                    }
                }
            }
            #expect(outcome.succeeded == 60_000)
            let result = try TestProcess.run([
                "env", "\(Self.variable)=\(namespace.path)", "/proc/\(getpid())/exe", "--testing-library",
                "swift-testing",
                "--filter", "Endurances/reader",
            ])
            #expect(result.status == 0, "\(result.stdout)\(result.stderr)")
            let figure = try #require(result.stderr.split(separator: "\n").first { $0.hasPrefix("read with ") })
            print("60,000 objects \(figure)")
        }
    }
}
