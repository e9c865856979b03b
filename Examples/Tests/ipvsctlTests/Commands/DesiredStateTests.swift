import Foundation
import Glibc
import IPVS
import IPVSTestKernel
import IPVSTestModels
import Testing

@testable import ipvsctl

extension KernelTests {
    /// The subcommands on a real kernel.
    @Suite struct DesiredState {
        let namespace: TestNamespace
        let handle: Handle

        init() throws {
            namespace = try TestNamespace()
            handle = try namespace.open()
        }

        private static let web = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80), scheduler: .roundRobin)

        private static func real(_ host: UInt8, weight: UInt32 = 1) -> RealServer {
            RealServer(IPAddress(10, 244, 1, host), 8080, forwarding: .masquerade, weight: weight)
        }

        private static func table(_ hosts: UInt8..., weight: UInt32 = 1) throws -> Table {
            try Table([Table.Entry(web, realServers: hosts.map { real($0, weight: weight) })])
        }

        /// A table of both families that any of the kernels accepts.
        private static func table(seed: UInt64) -> Table {
            var models = RandomModels(seed: seed)
            models.schedulers = [.roundRobin, .weightedRoundRobin, .leastConnection, .sourceHashing, .maglevHashing]
            models.protocols = [.tcp, .udp, .sctp]
            models.engines = [nil]
            var table = Table()
            for _ in 0..<models.number(1...UInt8(20)) {
                var server = models.virtualServer()
                server.flags.remove(.onePacket)
                var service = Table.Entry(server)
                for _ in 0..<models.number(0...UInt8(6)) {
                    let model = models.realServer(for: server.id)
                    var bytes = model.endpoint.address.bytes
                    // Addresses that every kernel accepts for a host.
                    bytes[0] = bytes.count == 4 ? 10 : 0xfd
                    guard let address = IPAddress(bytes: bytes) else { continue }
                    let upper = min(model.upperThreshold, UInt32(Int32.max))
                    service.replace(
                        RealServer(
                            Endpoint(address, model.endpoint.port),
                            forwarding: model.forwarding,
                            weight: model.weight,
                            upperThreshold: upper,
                            lowerThreshold: min(model.lowerThreshold, upper)
                        )
                    )
                }
                table.replace(service)
            }
            return table
        }

        private func apply(_ table: Table, _ options: String...) throws -> Program.Result {
            let file = try TemporaryFile(try table.text(.yaml), suffix: ".yaml")
            return try Program.run(["apply", file.path, "--netns", namespace.path] + options)
        }

        @Test(arguments: Format.allCases, 1...2)
        func whatIsExportedIsAppliedElsewhere(format: Format, seed: UInt64) throws {
            let table = Self.table(seed: seed)
            #expect(try handle.apply(table).failures.isEmpty)
            let export = try Program.run("export", "--format", "\(format)", "--netns", namespace.path)
            #expect(export.status == 0 && export.errors.isEmpty, "\(export.all)")
            let exported = try TemporaryFile(export.output, suffix: ".\(format)")
            #expect(try TableFile(path: exported.path).read() == table)
            let written = try TemporaryFile("old", suffix: ".\(format)")
            let output = try Program.run("export", "--output", written.path, "--netns", namespace.path)
            #expect(output.status == 0 && output.output.isEmpty && output.errors.isEmpty, "\(output.all)")
            #expect(try String(contentsOfFile: written.path, encoding: .utf8) == export.output)
            let other = try TestNamespace()
            let size = table.entries.reduce(0) { $0 + 1 + $1.realServers.count }
            for counts in ["\(size) added, 0 updated, 0 deleted, 0", "0 added, 0 updated, 0 deleted, \(size)"] {
                let apply = try Program.run(
                    "apply",
                    "-",
                    "--format",
                    "\(format)",
                    "--netns",
                    other.path,
                    input: export.output
                )
                #expect(apply.status == 0 && apply.errors.isEmpty, "\(apply.all)")
                #expect(apply.output.hasSuffix("\(counts) unchanged, 0 failed\n"), "\(apply.output)")
                #expect(try other.open().table() == table)
            }
            #expect(try Program.run("export", "--format", "\(format)", "--netns", other.path).output == export.output)
            // From any table to any other.
            let next = Self.table(seed: seed + 100)
            let plan = Table.Plan(from: table, to: next)
            let file = try TemporaryFile(try next.text(format), suffix: ".\(format)")
            let result = try Program.run("apply", file.path, "--netns", other.path)
            #expect(result.status == 0 && result.output.hasPrefix(plan.description), "\(result.all)")
            #expect(try other.open().table() == next)
        }

        @Test func diffTellsByItsStatus() throws {
            _ = try handle.apply(try Self.table(1, 2))
            let same = try TemporaryFile(try Self.table(1, 2).text(.json), suffix: ".json")
            let none = try Program.run("diff", same.path, "--netns", namespace.path)
            #expect(none.status == 0 && none.output.isEmpty && none.errors.isEmpty, "\(none.all)")
            let other = try TemporaryFile(try Self.table(2, 3, weight: 5).text(.json), suffix: ".json")
            let differs = try Program.run("diff", other.path, "--netns", namespace.path)
            #expect(differs.status == 1 && differs.errors.isEmpty)
            #expect(
                differs.output == """
                      TCP 10.96.0.1:80
                    +   10.244.1.3:8080 masquerade weight 5
                    -   10.244.1.2:8080 masquerade weight 1
                    +   10.244.1.2:8080 masquerade weight 5
                    -   10.244.1.1:8080 masquerade weight 1

                    """
            )
            #expect(try Program.run("diff", "/nowhere", "--netns", namespace.path).status == 2)
            #expect(try Program.run("diff", other.path, "--netns", "/nowhere").status == 2)
            #expect(try handle.table() == Self.table(1, 2))
        }

        @Test func outputThatIsLost() throws {
            _ = try handle.apply(try Self.table(1))
            let file = try TemporaryFile(try Table().text(.json))
            for (command, status) in [("export", 1), ("diff \(file.path)", 2), ("apply \(file.path)", 1)]
                as [(String, Int32)]
            {
                let line = "'\(Program.path)' \(command) --netns \(namespace.path) > /dev/full"
                let result = try TestProcess.run(["sh", "-c", line])
                #expect(result.status == status, "\(command)")
                #expect(result.stderr == "ipvsctl: can't write to standard output: No space left on device\n")
            }
            #expect(try handle.table().isEmpty)
        }

        @Test func aDryRunChangesNothing() throws {
            _ = try handle.apply(try Self.table(1))
            let result = try apply(try Self.table(2), "--dry-run")
            #expect(result.status == 0 && result.errors.isEmpty)
            #expect(result.output == "\(Table.Plan(from: try Self.table(1), to: try Self.table(2)))\n")
            #expect(try apply(try Self.table(2), "--dry-run", "--drain", "5m").output == result.output)
            #expect(try apply(try Self.table(1), "--dry-run").output.isEmpty)
            #expect(try handle.table() == Self.table(1))
        }

        @Test func aBadFileChangesNothing() throws {
            _ = try handle.apply(try Self.table(1))
            let text = try Self.table(2, 3).text(.yaml) + "  - endpoint: 10.244.1.4:8080\n    forwading: local\n"
            let result = try Program.run("apply", "-", "--netns", namespace.path, input: text)
            #expect(result.status == 1 && result.output.isEmpty && !result.errors.isEmpty, "\(result.all)")
            #expect(try handle.table() == Self.table(1))
        }

        @Test func othersAreLeftAlone() throws {
            let foreign = try Table([
                Table.Entry(VirtualServer(.tcp(IPAddress(10, 97, 0, 1), 80)), realServers: [Self.real(9)]),
                Table.Entry(VirtualServer(.firewallMark(7))), Table.Entry(VirtualServer(.firewallMark(8, .ipv6))),
            ])
            _ = try handle.apply(foreign)
            #expect(try apply(try Self.table(1, 2), "--own", "10.96.0.0/16").status == 0)
            var both = foreign
            both.replace(try Table.Entry(Self.web, realServers: [Self.real(1), Self.real(2)]))
            #expect(try handle.table() == both)
            let empty = try apply(Table(), "--own", "10.96.0.0/16")
            #expect(empty.output == "- TCP 10.96.0.1:80 rr\n0 added, 0 updated, 1 deleted, 0 unchanged, 0 failed\n")
            #expect(try handle.table() == foreign)
            // If a virtual server belongs to others, nothing is changed.
            let refused = try apply(both, "--own", "10.96.0.0/16", "--own", "fwm:8")
            #expect(refused.status == 1 && refused.errors.contains("TCP 10.97.0.1:80 is in the file"))
            #expect(try handle.table() == foreign)
            #expect(try apply(Table(), "--own", "fwm:8-9").output.hasPrefix("- FWM 8 IPv6 wlc\n0 added"))
            #expect(try handle.table().count == 2)
        }

        @Test func failuresAreToldAndTheRestIsDone() throws {
            var table = try Self.table(1)
            table.replace(Table.Entry(VirtualServer(.firewallMark(9), scheduler: Scheduler(rawValue: "nosuch"))))
            let result = try apply(table)
            #expect(result.status == 1)
            #expect(
                result.output == """
                    + TCP 10.96.0.1:80 rr
                    +   10.244.1.1:8080 masquerade weight 1
                    2 added, 0 updated, 0 deleted, 0 unchanged, 1 failed

                    """
            )
            #expect(
                result.errors
                    == "ipvsctl: can't add virtual server FWM 9: this kernel has no scheduler \"nosuch\" (module ip_vs_nosuch)\n"
            )
            #expect(try handle.table() == Self.table(1))
        }

        @Test func ofManyFailuresTheFirstAreReported() throws {
            let servers = (UInt32(1)...30).map {
                VirtualServer(.firewallMark($0), scheduler: Scheduler(rawValue: "nosuch"))
            }
            let result = try apply(try Table(servers.map { Table.Entry($0) }))
            #expect(result.status == 1)
            #expect(result.output == "0 added, 0 updated, 0 deleted, 0 unchanged, 30 failed\n")
            let lines = result.errors.split(separator: "\n")
            #expect(lines.count == 21)
            #expect(lines.last == "ipvsctl: and 10 more errors")
        }

        @Test func aNamespaceByProcessAndByName() throws {
            _ = try handle.apply(try Self.table(1))
            let sleeper = Process()
            sleeper.executableURL = URL(filePath: "/usr/bin/env")
            sleeper.arguments = ["nsenter", "--net=\(namespace.path)", "sleep", "600"]
            try sleeper.run()
            defer { sleeper.terminate() }
            let text = try Self.table(1).text(.json)
            // Waits until nsenter has entered it.
            try eventually { try Program.run("export", "--netns", "\(sleeper.processIdentifier)").output == text }
            let name = "ipvsctl-\(getpid())"
            let attach = try TestProcess.run(["ip", "netns", "attach", name, "\(sleeper.processIdentifier)"])
            try #require(attach.status == 0, "\(attach.stderr)")
            // If it can't be deleted, a name is left on the machine, and the test is not affected.
            defer { _ = try? TestProcess.run(["ip", "netns", "delete", name]) }
            #expect(try Program.run("export", "--netns", name).output == text)
        }

        @Test(.enabled(if: Self.hasTerminals, "this machine has no pseudoterminals (devpts)"))
        func coloursOnATerminal() throws {
            let file = try TemporaryFile(try Self.table(1).text(.json))
            func diff(_ variable: String) throws -> String {
                let command = "\(Program.path) diff \(file.path) --netns \(namespace.path)"
                return try TestProcess.run(["env", "TERM=xterm", variable, "script", "-qec", command, "/dev/null"])
                    .stdout
            }
            #expect(try diff("NO_COLOR=").hasPrefix("\u{1b}[32m+ TCP 10.96.0.1:80 rr\u{1b}[0m\r\n"))
            #expect(try diff("NO_COLOR=1").hasPrefix("+ TCP 10.96.0.1:80 rr\r\n"))
        }

        /// Whether `script` can be started, and can open a terminal.
        private static var hasTerminals: Bool {
            (try? TestProcess.run(["script", "-qec", "true", "/dev/null"]).status) == 0
        }

        /// Killed at another system call each time; the next run corrects the table.
        @Test(.enabled(if: Program.hasStrace, "strace, which kills it, is not installed"))
        func killedInTheMiddle() throws {
            let desired = try Table(
                (UInt32(0)..<300).map { number in
                    let id = VirtualServer.Identity.tcp(IPAddress(ipv4: 0x0a60_0001 + number), 80)
                    let reals = (UInt8(1)...5).map { Self.real($0) }
                    return try Table.Entry(VirtualServer(id, scheduler: .roundRobin), realServers: reals)
                }
            )
            let file = try TemporaryFile(try desired.text(.ipvsadm), suffix: ".ipvsadm")
            var interrupted = 0
            for call in 1...8 {
                try handle.flush()
                let killer = "strace -f -qq -o /dev/null -e trace=sendto -e inject=sendto:signal=KILL:when=\(call)"
                let program = [Program.path, "apply", file.path, "--netns", namespace.path]
                _ = try TestProcess.run(killer.split(separator: " ").map(String.init) + program)
                let left = try handle.table()
                if left.count > 0, left != desired { interrupted += 1 }
                let again = try Program.run("apply", file.path, "--netns", namespace.path)
                #expect(again.status == 0, "\(again.errors)")
                #expect(try handle.table() == desired)
            }
            print("\(interrupted) of 8 runs were killed in the middle")
            #expect(interrupted > 0)
        }

    }
}
