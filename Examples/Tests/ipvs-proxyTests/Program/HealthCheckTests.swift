import Foundation
import Glibc
import IPVS
import IPVSTestKernel
import Testing

extension ProxyKernelTests {
    /// Health-check node ports, which are in the node's network namespace.
    @Suite(.needsPacketRules) struct HealthChecks {
        let folder: Folder
        let namespace: TestNamespace
        let port = Endpoint(IPAddress(127, 0, 0, 1), 31_877)

        init() throws {
            folder = try Folder()
            namespace = try TestNamespace()
        }

        private func write(_ name: String = "web", port: UInt16 = 31_877, on node: String) throws {
            let fields = "  type: LoadBalancer\n  externalTrafficPolicy: Local\n  healthCheckNodePort: \(port)\n"
            let clusterIP = name == "web" ? "10.96.0.1" : "10.96.0.2"
            let endpoints = "endpoints: [{addresses: [10.244.0.1], nodeName: \(node)}]"
            try folder.write(
                "\(name).yaml",
                Sample.service(name, clusterIP: clusterIP) + fields + "---\n"
                    + Sample.slice("\(name)-1", of: name).replacing("endpoints: []", with: endpoints)
            )
        }

        private func start(_ options: String...) throws -> RunningProgram {
            try RunningProgram(folder.path, in: namespace, ["--node-name", "node-a", "--sync-period", "1s"] + options)
        }

        /// Asks from within the namespace, as soon as somebody listens. The first program of an emulated machine takes its time.
        private func ask(_ endpoint: Endpoint) throws -> Page {
            try eventually { try !isRefused(endpoint) }
            let descriptor = namespace.descriptor
            return try onThread {
                guard enterNamespace(descriptor) == 0 else { throw TestFailure("setns") }
                return try Page.askAndWait(endpoint, "/")
            }
        }

        private func isRefused(_ endpoint: Endpoint) throws -> Bool {
            let descriptor = namespace.descriptor
            return try onThread {
                guard enterNamespace(descriptor) == 0 else { throw TestFailure("setns") }
                return try Page.isRefused(endpoint)
            }
        }

        @Test func servicesComeAndGo() throws {
            try write(on: "node-a")
            let program = try start()
            let page = try ask(port)
            #expect(page.status == 200 && page.contentType == "application/json")
            #expect(page.body.contains("\t\t\"name\": \"web\"\n") && page.body.contains("\t\"localEndpoints\": 1,\n"))
            #expect(throws: POSIXError(.ECONNREFUSED)) { try Page.connectionAtOnce(to: port) }
            try write(on: "node-b")
            try eventually { try ask(port).status == 503 }
            #expect(try ask(port).body.contains("\t\"localEndpoints\": 0,\n\t\"serviceProxyHealthy\": true\n"))
            try write(port: 31_900, on: "node-a")
            #expect(try ask(Endpoint(port.address, 31_900)).status == 200)
            try eventually { try isRefused(port) }
            program.signal(SIGTERM)
            #expect(program.end() == 0)
            #expect(!program.log.contains("can't"), "\(program.log)")
        }

        @Test func aPortThatIsTaken() throws {
            try write(on: "node-a")
            try write("api", port: 31_900, on: "node-a")
            var other: EchoServer? = try EchoServer(namespace, port: port.port)
            let program = try start()
            #expect(try ask(Endpoint(port.address, 31_900)).status == 200)
            let sentence = "can't answer health checks of default/web on port 31877: Address already in use"
            try eventually { program.log.contains(sentence) }
            #expect(other != nil)
            other = nil
            try eventually { program.log.contains("answering health checks of default/web on port 31877") }
            #expect(try ask(port).body.contains("\"name\": \"web\""))
            #expect(program.log.split(separator: sentence, omittingEmptySubsequences: false).count == 2)
        }

        @Test func onTheAddressesOfNodePorts() throws {
            try namespace.run("ip", "link", "add", "wire", "type", "dummy")
            for address in ["192.0.2.1/24", "198.51.100.1/24"] {
                try namespace.run("ip", "addr", "add", address, "dev", "wire")
            }
            try write(on: "node-a")
            let program = try start("--nodeport-addresses", "192.0.2.0/24")
            #expect(try ask(Endpoint(IPAddress(192, 0, 2, 1), port.port)).status == 200)
            #expect(try isRefused(port) && isRefused(Endpoint(IPAddress(198, 51, 100, 1), port.port)))
            #expect(program.log.contains("answering health checks of default/web on 192.0.2.1:31877"))
            // A new address of the node is found by the next sync.
            try namespace.run("ip", "addr", "add", "192.0.2.9/24", "dev", "wire")
            #expect(try ask(Endpoint(IPAddress(192, 0, 2, 9), port.port)).status == 200)
        }
    }
}
