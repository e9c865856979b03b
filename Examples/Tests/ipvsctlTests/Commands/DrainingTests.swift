import Foundation
import Glibc
import IPVS
import IPVSTestKernel
import Testing

@testable import ipvsctl

extension KernelTests {
    /// Real servers that drain while a client holds a connection.
    @Suite struct DrainingByCommand {
        let namespace: TestNamespace
        let handle: Handle
        let server: EchoServer
        let web = VirtualServer(.tcp(IPAddress(127, 0, 0, 10), 80), scheduler: .roundRobin)
        let real = RealServer(IPAddress(127, 0, 0, 1), 8080, forwarding: .masquerade, weight: 7)
        let next = RealServer(IPAddress(127, 0, 0, 2), 8080, forwarding: .masquerade)

        init() throws {
            namespace = try TestNamespace()
            handle = try namespace.open()
            server = try EchoServer(namespace, port: 8080)
            try handle.add(web)
            try handle.add(real, to: web.id)
        }

        private func weight() throws -> UInt32? { try handle.realServer(real.endpoint, of: web.id)?.server.weight }

        private func connect() throws -> TestConnection {
            let connection = try TestConnection(namespace, to: 0x7f00_000a, port: 80)
            #expect(connection.isAlive())
            return connection
        }

        /// Starts a command that drains, and waits until the drain has started.
        private func start(_ words: String..., output: Pipe, errors: Pipe = Pipe()) throws -> Process {
            let process = try Program.start(
                words + ["--netns", namespace.path],
                output: output,
                errors: errors
            )
            try eventually { try weight() == 0 || !process.isRunning }
            usleep(300_000)
            return process
        }

        private func text(_ pipe: Pipe) -> String {
            String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        }

        @Test func itLivesOnToItsEnd() throws {
            let connection = try connect()
            let file = try TemporaryFile(try Table([Table.Entry(web, realServers: [next])]).text(.yaml))
            let output = Pipe()
            let process = try start("apply", file.path, "--drain", "5m", output: output)
            // The new one is added before the old one is deleted.
            #expect(try Set(handle.realServers(of: web.id).map(\.server.endpoint)) == [real.endpoint, next.endpoint])
            #expect(connection.isAlive() && process.isRunning)
            connection.close()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            #expect(
                text(output) == """
                      TCP 127.0.0.10:80
                    +   127.0.0.2:8080 masquerade weight 1
                    drained real server 127.0.0.1:8080 of TCP 127.0.0.10:80
                    1 added, 0 updated, 1 deleted, 1 unchanged, 0 failed

                    """
            )
            #expect(try handle.table() == Table([Table.Entry(web, realServers: [next])]))
        }

        @Test func aVirtualServerThatGoesIsDrainedToo() throws {
            let connection = try connect()
            let file = try TemporaryFile(try Table().text(.json))
            let output = Pipe()
            let process = try start("apply", file.path, "--drain", "2s", output: output)
            #expect(connection.isAlive() && process.isRunning)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            #expect(
                text(output) == """
                    deleted real server 127.0.0.1:8080 of TCP 127.0.0.10:80 with 1 connection, since the time was over
                    - TCP 127.0.0.10:80 rr
                    0 added, 0 updated, 2 deleted, 0 unchanged, 0 failed

                    """
            )
            #expect(try handle.table().isEmpty)
            connection.close()
        }

        /// A failure is reported once, though it is tried before the drain and after it.
        @Test func aFailureIsToldOnce() throws {
            var table = Table()
            table.replace(Table.Entry(VirtualServer(.firewallMark(9), scheduler: Scheduler(rawValue: "nosuch"))))
            let file = try TemporaryFile(try table.text(.json))
            let result = try Program.run("apply", file.path, "--drain", "1m", "--netns", namespace.path)
            #expect(result.status == 1)
            #expect(
                result.output == """
                    drained real server 127.0.0.1:8080 of TCP 127.0.0.10:80
                    - TCP 127.0.0.10:80 rr
                    0 added, 0 updated, 2 deleted, 0 unchanged, 1 failed

                    """
            )
            #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        }

        @Test func nothingLeaves() throws {
            let file = try TemporaryFile(try handle.table().text(.json))
            let result = try Program.run("apply", file.path, "--drain", "5m", "--netns", namespace.path)
            #expect(result.output == "0 added, 0 updated, 0 deleted, 2 unchanged, 0 failed\n", "\(result.all)")
        }

        @Test func drainByItself() throws {
            let connection = try connect()
            let output = Pipe()
            let process = try start(
                "drain",
                "tcp:127.0.0.10:80",
                "127.0.0.1:8080",
                "--timeout",
                "1h",
                "--interval",
                "50ms",
                output: output
            )
            #expect(connection.isAlive() && process.isRunning)
            connection.close()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            #expect(text(output) == "drained real server 127.0.0.1:8080 of TCP 127.0.0.10:80\n")
            #expect(try handle.realServers(of: web.id).isEmpty)
            let again = try Program.run(
                "drain",
                "TCP 127.0.0.10:80",
                "127.0.0.1:8080",
                "--netns",
                namespace.path
            )
            #expect(again.status == 1 && again.output.isEmpty)
            #expect(again.errors == "ipvsctl: there is no real server 127.0.0.1:8080 of TCP 127.0.0.10:80\n")
        }

        @Test(arguments: [SIGINT, SIGTERM], [true, false])
        func interrupted(signal: Int32, applying: Bool) throws {
            let connection = try connect()
            let file = try TemporaryFile(try Table().text(.json))
            let (output, errors) = (Pipe(), Pipe())
            let process =
                if applying {
                    try start("apply", file.path, "--drain", "1h", output: output, errors: errors)
                } else {
                    try start("drain", "tcp:127.0.0.10:80", "127.0.0.1:8080", output: output, errors: errors)
                }
            kill(process.processIdentifier, signal)
            process.waitUntilExit()
            #expect(process.terminationReason == .exit)
            #expect(process.terminationStatus == 128 + signal)
            #expect(text(errors) == "ipvsctl: interrupted; what was not deleted yet has the weight again that it had\n")
            #expect(try weight() == 7)
            #expect(connection.isAlive())
            connection.close()
        }
    }
}
