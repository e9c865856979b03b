import Foundation
import Glibc
import IPVS
import IPVSTestKernel
import Testing

/// Endpoints that leave while they have connections.
extension ProxyKernelTests.ServingManifests {
    @Test func anEndpointThatLeavesKeepsItsConnection() throws {
        let server = try EchoServer(namespace, port: 8080)
        try writeWeb("127.0.0.1")
        #expect(try run("--once", folder.path).status == 0)
        let connection = try TestConnection(namespace, to: 0x0a60_0001, port: 80)
        #expect(connection.isAlive())
        try writeWeb("127.0.0.2")
        let once = try run("--once", folder.path)
        #expect(once.stdout.hasSuffix("0 drained, 1 draining, 0 failed\n"), "\(once)")
        #expect(try table() == ["TCP 10.96.0.1:80 rr: 127.0.0.1:8080 0, 127.0.0.2:8080 1"])
        #expect(connection.isAlive())

        let program = try RunningProgram(folder.path, in: namespace)
        _ = try Page.askAndWait(program.health, "/healthz")
        #expect(connection.isAlive())
        #expect(try table() == ["TCP 10.96.0.1:80 rr: 127.0.0.1:8080 0, 127.0.0.2:8080 1"])
        connection.close()
        try eventually { try table() == ["TCP 10.96.0.1:80 rr: 127.0.0.2:8080 1"] }
        withExtendedLifetime(server) {}
    }

    @Test func aDrainThatMayTakeNoTime() throws {
        let server = try EchoServer(namespace, port: 8080)
        try writeWeb("127.0.0.1")
        #expect(try run("--once", folder.path).status == 0)
        let connection = try TestConnection(namespace, to: 0x0a60_0001, port: 80)
        #expect(connection.isAlive())
        try writeWeb("127.0.0.2")
        #expect(try run("--once", folder.path, "--drain-timeout", "0").stdout.contains(" 1 drained, 0 draining, "))
        #expect(try table() == ["TCP 10.96.0.1:80 rr: 127.0.0.2:8080 1"])
        connection.close()
        withExtendedLifetime(server) {}
    }
}
