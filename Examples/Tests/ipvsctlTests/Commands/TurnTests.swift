import Foundation
import IPVS
import IPVSTestKernel
import IPVSTestModels
import Testing

@testable import ipvsctl

extension KernelTests {
    /// Programs that change the table at the same time.
    @Suite struct Turns {
        let namespace: TestNamespace
        let handle: Handle

        init() throws {
            namespace = try TestNamespace()
            handle = try namespace.open()
        }

        /// A table that takes the program some time to apply.
        private static func table(weight: UInt32, scheduler: Scheduler) throws -> Table {
            let entries = try (UInt32(0)..<200).map { number in
                let id = VirtualServer.Identity.tcp(IPAddress(ipv4: 0x0a60_0001 + number), 80)
                let reals = (UInt8(1)...5).map { host in
                    RealServer(IPAddress(10, 244, 1, host), 8080, forwarding: .masquerade, weight: weight)
                }
                return try Table.Entry(VirtualServer(id, scheduler: scheduler), realServers: reals)
            }
            return try Table(entries)
        }

        private func file(weight: UInt32, scheduler: Scheduler) throws -> (table: Table, file: TemporaryFile) {
            let table = try Self.table(weight: weight, scheduler: scheduler)
            return (table, try TemporaryFile(try table.text(.ipvsadm), suffix: ".rules"))
        }

        private func run(_ arguments: String..., input: String? = nil) throws -> Program.Result {
            try Program.run(arguments + ["--netns", namespace.path], input: input)
        }

        /// Starts the program, which prints more than a pipe holds.
        private func start(_ arguments: String...) throws -> (process: Process, output: Pipe, errors: Pipe) {
            let (output, errors) = (Pipe(), Pipe())
            let arguments = arguments + ["--netns", namespace.path]
            return (try Program.start(arguments, output: output, errors: errors), output, errors)
        }

        /// Waits for the end of a program, which must succeed.
        private func expectSuccess(_ program: (process: Process, output: Pipe, errors: Pipe)) {
            _ = program.output.fileHandleForReading.readDataToEndOfFile()
            let errors = String(decoding: program.errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            program.process.waitUntilExit()
            #expect(program.process.terminationStatus == 0 && errors.isEmpty, "\(errors)")
        }

        @Test("Of two files that are applied at once, the table is one in the end")
        func twoApplies() throws {
            let one = try file(weight: 1, scheduler: .roundRobin)
            let two = try file(weight: 9, scheduler: .weightedRoundRobin)
            // The outputs are longer than a pipe, so whoever is read last would block the other one.
            let apply = "\"$0\" apply --netns \"$1\" --wait 5m"
            let script = "\(apply) \"$2\" >/dev/null & \(apply) \"$3\" >/dev/null && wait $!"
            for _ in 0..<2 {
                let words = ["sh", "-c", script, Program.path, namespace.path, one.file.path, two.file.path]
                let result = try TestProcess.run(words)
                #expect(result.status == 0 && result.stderr.isEmpty, "\(result.stderr)")
                let table = try handle.table()
                #expect(table == one.table || table == two.table)
                try handle.flush()
            }
        }

        @Test("Whoever can't have its turn changes nothing, and says who has it")
        func impatience() throws {
            let lock = try handle.lockTable()
            defer { lock.release() }
            let file = try file(weight: 1, scheduler: .roundRobin).file
            let commands = [
                ["apply", file.path, "--wait", "0"], ["drain", "tcp:10.96.0.1:80", "10.244.1.1:8080", "--wait", "0"],
            ]
            for command in commands {
                let result = try Program.run(command + ["--netns", namespace.path])
                #expect(result.status == 1 && result.output.isEmpty, "\(result.all)")
                let sentence = "ipvsctl: can't lock the table: process \(getpid()) ("
                #expect(result.errors.hasPrefix(sentence), "\(result.errors)")
            }
            #expect(try handle.table().isEmpty)
            defer { withExtendedLifetime(file) {} }
            // What changes nothing needs no turn, nor does a single change.
            #expect(try run("apply", file.path, "--dry-run").status == 0)
            #expect(try run("diff", file.path).status == 1)
            #expect(try run("-A", "-t", "10.96.0.1:80", "-s", "rr").status == 0)
        }

        @Test("apply and -R wait until a drain has ended, and several drains don't wait for each other")
        func drains() throws {
            let drain = try handle.lockTable(.shared)
            let another = try run("drain", "tcp:10.96.0.1:80", "10.244.1.1:8080", "--wait", "0")
            #expect(another.errors.contains("there is no real server"), "\(another.all)")
            let file = try file(weight: 1, scheduler: .roundRobin).file
            let apply = try start("apply", file.path)
            let line = try TemporaryFile("-A -f 7 -s rr\n")
            let restore = ["timeout", "-s", "KILL", "2", Program.path, "-R", "--netns", namespace.path]
            let impatient = try TestProcess.run(restore, input: line.path)
            #expect([9, 137].contains(impatient.status), "\(impatient)")
            #expect(apply.process.isRunning)
            #expect(try handle.table().isEmpty)
            drain.release()
            withExtendedLifetime(file) { expectSuccess(apply) }
            #expect(try handle.table().count == 200)
        }

        @Test("Nobody waits for -R before it has read anything")
        func silentInput() throws {
            let input = Pipe()
            let restore = Process()
            restore.executableURL = URL(filePath: Program.path)
            restore.arguments = ["-R", "--netns", namespace.path]
            restore.standardInput = input
            try restore.run()
            let file = try file(weight: 1, scheduler: .roundRobin).file
            let apply = try withExtendedLifetime(file) { try run("apply", file.path, "--wait", "0") }
            #expect(apply.status == 0 && restore.isRunning, "\(apply.errors)")
            try input.fileHandleForWriting.write(contentsOf: Data("-A -f 7 -s rr\n".utf8))
            try input.fileHandleForWriting.close()
            restore.waitUntilExit()
            #expect(restore.terminationStatus == 0)
            #expect(try handle.table().count == 201)
        }

        @Test(
            "A program that takes no turns is noticed",
            .enabled(if: Program.hasStrace, "strace, which slows it down, is not installed"),
            arguments: [["apply", "-", "--format", "ipvsadm"], ["-R"]]
        )
        func meddling(command: [String]) throws {
            let victim = VirtualServer.Identity.tcp(IPAddress(10, 96, 0, 1), 80)
            let isDone = Locked(false)
            Thread.detachNewThread { [handle] in
                while !isDone.value {
                    try? handle.delete(victim)
                    usleep(1_000)
                }
            }
            // Between any two of its requests, the other one gets the time for several.
            let slowly = "strace -f -qq -o /dev/null -e trace=sendto -e inject=sendto:delay_exit=100000"
            let program = [Program.path] + command + ["--netns", namespace.path]
            let lines = try TemporaryFile("-A -t 10.96.0.1:80 -s rr\n-A -t 10.96.0.2:80 -s rr\n")
            let result = try TestProcess.run(
                slowly.split(separator: " ").map(String.init) + program,
                input: lines.path
            )
            isDone.withLock { $0 = true }
            #expect(result.status == 1)
            let sentence = "ipvsctl: another program has changed the table meanwhile"
            #expect(result.stderr.hasPrefix(sentence), "\(result.stderr)")
        }

        @Test("An unprivileged process that has the lock's address does not stop the program, which reports it")
        func unprivileged() throws {
            let squatter = try AddressHolder("swift-ipvs/table", user: 65_534, namespace: namespace.path)
            let file = try file(weight: 1, scheduler: .roundRobin).file
            let result = try withExtendedLifetime(file) { try run("apply", file.path) }
            #expect(result.status == 0)
            let obstacle = "process \(squatter.pid) (perl), which lacks CAP_NET_ADMIN, has its address"
            #expect(result.errors == "ipvsctl: the lock on the table keeps nobody out: \(obstacle)\n")
        }

        /// There, the number of the process that has the address is that of another one.
        @Test("With the /proc of another PID namespace, an unprivileged process can't keep others waiting either")
        func strangersProcesses() throws {
            let script = """
                setpriv --reuid 65534 --clear-groups perl -MSocket -e '
                    socket(S, AF_UNIX, SOCK_STREAM, 0) and bind(S, pack("S a*", AF_UNIX, "\\0swift-ipvs/table")) or die;
                    listen(S, 9) and print STDERR "ready\\n"; sleep 600' 2>"$1" &
                until grep -q ready "$1"; do :; done
                echo '-A -f 7 -s rr' | "$0" -R --netns "$2"
                """
            let file = try TemporaryFile("", suffix: ".txt")
            let result = try withExtendedLifetime(file) {
                try TestProcess.run([
                    "nsenter", "--net=\(namespace.path)", "unshare", "-p", "-f", "sh", "-c", script, Program.path,
                    file.path, namespace.path,
                ])
            }
            #expect(result.status == 0)
            #expect(
                result.stderr.hasPrefix("ipvsctl: the lock on the table keeps nobody out: process "),
                "\(result.stderr)"
            )
        }
    }
}
