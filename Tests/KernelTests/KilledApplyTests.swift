import Foundation
import Glibc
import IPVS
import IPVSTestKernel
import Testing

extension KernelTests {
    /// A process that is killed while it applies a table, and the next one's work on what it left.
    @Suite struct KilledApplies {
        private static let variable = "IPVS_APPLY_NAMESPACE"

        /// Two tables that have nothing in common except their identities.
        private static func table(weight: UInt32) throws -> Table {
            try Table(
                (UInt32(0)..<600).map { number in
                    let id = VirtualServer.Identity.tcp(IPAddress(ipv4: 0x0a60_0001 + number * 3), 80)
                    let scheduler: Scheduler = weight == 1 ? .roundRobin : .weightedRoundRobin
                    let reals = (UInt32(0)..<5).map { real in
                        let address = IPAddress(ipv4: 0x0af4_0001 + real + weight)
                        return RealServer(address, 8080, forwarding: .masquerade, weight: weight)
                    }
                    return try Table.Entry(VirtualServer(id, scheduler: scheduler), realServers: reals)
                }
            )
        }

        /// The process that the test below starts: it applies one table after the other, until it is killed.
        @Test(.enabled(if: ProcessInfo.processInfo.environment[variable] != nil, "a part of the next test"))
        func worker() throws {
            let path = try #require(ProcessInfo.processInfo.environment[Self.variable])
            let handle = try Handle(namespace: .path(path))
            let tables = [try Self.table(weight: 1), try Self.table(weight: 2)]
            while true {
                for table in tables { _ = try handle.apply(table) }
            }
        }

        @Test(.enabled(if: ProcessInfo.processInfo.environment[variable] == nil, "this is its part"))
        func whatIsLeftIsMadeRight() throws {
            let namespace = try TestNamespace()
            let handle = try namespace.open()
            let desired = try Self.table(weight: 1)
            var interrupted = 0
            for round in UInt32(0)..<UInt32(Endurance.kills) {
                try handle.flush()
                let process = Process()
                process.executableURL = URL(filePath: "/proc/self/exe")
                process.arguments = ["--testing-library", "swift-testing", "--filter", "KilledApplies/worker"]
                process.environment = ProcessInfo.processInfo.environment.merging([Self.variable: namespace.path]) {
                    $1
                }
                process.standardOutput = FileHandle.nullDevice
                try process.run()
                try eventually(every: 2_000) { try !handle.virtualServers().isEmpty }
                // At another moment in each round.
                usleep(round % 20 * 3_000)
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                #expect(process.terminationReason == .uncaughtSignal)
                let left = try handle.table()
                let whole = [desired, try Self.table(weight: 2)]
                if !whole.contains(left) { interrupted += 1 }
                #expect(try handle.apply(desired).failures.isEmpty)
                #expect(try handle.table() == desired)
            }
            print("\(interrupted) of \(Endurance.kills) applies were killed in the middle")
            #expect(interrupted > 0)
        }
    }
}
