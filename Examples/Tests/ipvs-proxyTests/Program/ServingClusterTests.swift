import Foundation
import Glibc
import IPVS
import IPVSTestKernel
import KubernetesTestServer
import Synchronization
import Testing

extension ProxyKernelTests {
    /// The program as a cluster runs it: with an API server.
    @Suite struct ServingClusters {
        let server: KubernetesTestServer
        let folder: Folder
        let namespace: TestNamespace
        let handle: Handle

        init() async throws {
            server = try await KubernetesTestServer()
            folder = try Folder()
            namespace = try TestNamespace()
            handle = try namespace.open()
            try server.writeKubeconfig(to: URL(filePath: kubeconfig))
        }

        private var kubeconfig: String { folder.path + "/kubeconfig" }

        private var node: String { "node-1" }

        private var serverOptions: [String] {
            // Only the initial namespace can change the size of the table of tracked connections.
            [
                "--kubeconfig", kubeconfig, "--hostname-override", node, "--cluster-cidr", "10.244.0.0/16",
                "--conntrack-max-per-core", "0",
            ]
        }

        /// Starts the program; without packet rules, as they take most of the time in a virtual machine.
        private func start(_ options: String..., rules: String = "none") throws -> RunningProgram {
            try RunningProgram(nil, in: namespace, serverOptions + ["--rules", rules] + options)
        }

        private func run(_ options: String...) throws -> TestProcess.Result {
            try TestProcess.run([Program.path, "--netns", namespace.path] + serverOptions + options)
        }

        /// Whether a program has synced the kernel.
        private func isSynced(_ program: RunningProgram) throws -> Bool {
            try Page.askAndWait(program.health, "/healthz").body.contains("\"lastUpdated\": \"")
        }

        /// The virtual servers with their real servers that get connections.
        private func table() throws -> [String: [String]] {
            var table: [String: [String]] = [:]
            for entry in try handle.table().sortedEntries() {
                table["\(entry.server.id)"] = entry.realServers.filter { $0.weight > 0 }.map { "\($0.endpoint)" }
            }
            return table
        }

        private func service(_ name: String, _ address: String, port: Int = 80) -> JSON {
            [
                "apiVersion": "v1", "kind": "Service", "metadata": ["name": .string(name)],
                "spec": ["clusterIP": .string(address), "ports": [["name": "http", "port": .integer(port)]]],
            ]
        }

        private func slice(_ service: String, _ addresses: [String]) -> JSON {
            [
                "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                "metadata": [
                    "name": "\(service)-1", "labels": ["kubernetes.io/service-name": .string(service)],
                ],
                "addressType": "IPv4", "ports": [["name": "http", "port": 8080, "protocol": "TCP"]],
                "endpoints": .array(addresses.map { ["addresses": [.string($0)]] }),
            ]
        }

        @Test("Objects are added, edited and deleted on the server, and the kernel follows")
        func follows() async throws {
            try server.apply(service("web", "10.96.0.1"))
            try server.apply(slice("web", ["10.244.0.1", "10.244.0.2"]))
            let program = try start(rules: Program.rules)
            try await eventually { try table() == ["TCP 10.96.0.1:80": ["10.244.0.1:8080", "10.244.0.2:8080"]] }
            try server.apply(slice("web", ["10.244.0.2", "10.244.0.3"]))
            try await eventually { try table() == ["TCP 10.96.0.1:80": ["10.244.0.2:8080", "10.244.0.3:8080"]] }
            try server.apply(service("web", "10.96.0.1", port: 81))
            try server.apply(service("dns", "10.96.0.10"))
            try await eventually {
                try table() == ["TCP 10.96.0.1:81": ["10.244.0.2:8080", "10.244.0.3:8080"], "TCP 10.96.0.10:80": []]
            }
            server.delete(.services, "web")
            server.delete(.endpointSlices, "web-1")
            try await eventually { try table() == ["TCP 10.96.0.10:80": []] }
            let metrics = try Page.askAndWait(program.metrics, "/metrics").body.split(separator: "\n")
            #expect(metrics.contains(#"ipvs_proxy_api_objects{resource="services"} 1"#))
            #expect(metrics.contains { $0.hasPrefix("rest_client_requests_total{code=\"200\"") })
            let configuration = try Page.askAndWait(program.metrics, "/configz")
            #expect(
                configuration.contentType == "application/json"
                    && configuration.body.contains("\"clusterCIDR\":\"10.244")
            )
            var dns = service("dns", "10.96.0.10")
            dns["spec"]?["externalIPs"] = ["not an address"]
            try server.apply(dns)
            try await server.wait(for: "an event") { $0.objects(of: .events).count == 1 }
            program.signal(SIGTERM)
            #expect(program.end() == 0)
            #expect(try table() == ["TCP 10.96.0.10:80": []])
        }

        @Test("The table stays while the server is away, and follows when it is back")
        func outage() async throws {
            try server.apply(service("web", "10.96.0.1"))
            try server.apply(slice("web", ["10.244.0.1"]))
            let program = try start("--ipvs-sync-period", "1s")
            let before = ["TCP 10.96.0.1:80": ["10.244.0.1:8080"]]
            try await eventually { try table() == before }
            try await server.stop()
            // Periodic syncs go on meanwhile: what somebody else deletes comes back.
            try namespace.run("ipvsadm", "-C")
            try await eventually { try table() == before }
            #expect(try Page.askAndWait(program.health, "/healthz").status == 200)
            // The server has no longer the history of what happens meanwhile.
            try server.apply(slice("web", ["10.244.0.2"]))
            try server.apply(service("dns", "10.96.0.10"))
            server.compact()
            try await eventually { program.log.contains("warning") }
            #expect(try table() == before)
            try await server.start()
            try await eventually { try table() == ["TCP 10.96.0.1:80": ["10.244.0.2:8080"], "TCP 10.96.0.10:80": []] }
        }

        @Test("A restart over a full table deletes nothing, however slowly the server answers")
        func restart() async throws {
            let count = 40
            try server.load(
                (0..<count).flatMap { [SampleObjects.service($0), SampleObjects.endpointSlice($0, endpoints: 2)] }
            )
            let first = try start()
            try await eventually { try table().count == count && table().values.allSatisfy { $0.count == 2 } }
            first.signal(SIGTERM)
            #expect(first.end() == 0)
            let before = try table()
            server.faults.add(.delay(.seconds(1)), on: .list(.endpointSlices), times: nil)
            server.faults.add(.delay(.seconds(1)), on: .watch(.endpointSlices), times: nil)
            let second = try start()
            try await eventually {
                let now = try table()
                #expect(now == before)
                return try isSynced(second)
            }
            let metrics = try Page.askAndWait(second.metrics, "/metrics").body.split(separator: "\n")
            #expect(metrics.contains("kubeproxy_sync_full_proxy_rules_total 1"))
            #expect(metrics.contains("kubeproxy_ipvs_virtual_servers \(count)"))
            #expect(try table() == before)
        }

        @Test("All endpoints are replaced one after the other, and no HTTP request fails")
        func rollingUpdate() async throws {
            let web = try EchoServer(namespace, at: 0, port: 8080, answer: Load.answer)
            var addresses = (1...4).map { "127.0.0.\($0)" }
            try server.apply(service("web", "10.96.0.1"))
            try server.apply(slice("web", addresses))
            let program = try start()
            try await eventually { try table() == ["TCP 10.96.0.1:80": addresses.map { "\($0):8080" }] }
            let load = Load(namespace)
            for index in 0..<4 {
                addresses[index] = "127.0.1.\(index + 1)"
                try server.apply(slice("web", addresses))
                let wanted = Set(addresses.map { "\($0):8080" })
                try await eventually { try Set(table()["TCP 10.96.0.1:80"] ?? []) == wanted }
                load.continueAWhile()
            }
            let (count, failures) = load.end()
            #expect(count > 20)
            #expect(failures == 0)
            withExtendedLifetime((web, program)) {}
        }

        @Test("After each of many faults, the kernel has what the server has")
        func faults() async throws {
            try server.apply(service("web", "10.96.0.1"))
            try server.apply(slice("web", ["10.244.0.1"]))
            let program = try start()
            try await eventually { try table() == ["TCP 10.96.0.1:80": ["10.244.0.1:8080"]] }
            let faults: [Fault] = [
                .closeBeforeAnswer, .closeAfterHead, .close(afterBytes: 100), .truncated(atBytes: 200), .status(500),
                .status(429, retryAfter: 1), .expired, .emptyList, .emptyListWithoutKind, .htmlPage,
                .answer("{\"kind\":\"Service\""),
            ]
            for (number, fault) in faults.enumerated() {
                let address = "10.244.1.\(number + 1)"
                for resource in [KubernetesTestServer.Resource.services, .endpointSlices] {
                    server.faults.add(fault, on: .list(resource))
                    server.faults.add(fault, on: .watch(resource))
                    try await server.interrupt(resource, number.isMultiple(of: 2) ? .closeInLine : .expired)
                }
                try server.apply(slice("web", [address]))
                try await eventually {
                    let now = try table()
                    // Neither the service nor all of its endpoints may be gone for a moment.
                    #expect(now["TCP 10.96.0.1:80"]?.count == 1)
                    return now == ["TCP 10.96.0.1:80": ["\(address):8080"]]
                }
                server.faults.removeAll()
            }
            withExtendedLifetime(program) {}
        }

        @Test("It is ready once the kernel has been synced, and alive before")
        func readiness() async throws {
            try server.apply(service("web", "10.96.0.1"))
            try await server.stop()
            let program = try start()
            #expect(try Page.askAndWait(program.health, "/readyz").status == 503)
            #expect(try Page.askAndWait(program.health, "/livez").status == 200)
            try await server.start()
            try await eventually { try Page.askAndWait(program.health, "/readyz").status == 200 }
            #expect(try table() == ["TCP 10.96.0.1:80": []])
        }

        @Test("What the node's object says counts")
        func node() async throws {
            try server.apply([
                "apiVersion": "v1", "kind": "Node", "metadata": ["name": .string(node)],
                "spec": ["podCIDRs": ["10.244.7.0/24"]],
            ])
            let program = try start("--detect-local-mode", "NodeCIDR")
            #expect(try Page.askAndWait(program.health, "/healthz").body.contains("\"nodeEligible\": true"))
            try await eventually { try isSynced(program) }
            try server.edit(.nodes, node) {
                $0["spec"]?["taints"] = [["key": "ToBeDeletedByClusterAutoscaler", "effect": "NoSchedule"]]
            }
            try await eventually { try Page.askAndWait(program.health, "/healthz").status == 503 }
            #expect(try Page.askAndWait(program.health, "/livez").status == 200)
            try server.edit(.nodes, node) { $0["spec"]?["podCIDRs"] = ["10.244.8.0/24"] }
            #expect(program.end() == 1)
            try await eventually {
                program.log.contains("the node's pod CIDRs have changed from 10.244.7.0/24 to 10.244.8.0/24")
            }
        }

        @Test("Once, and dry")
        func once() async throws {
            var web = service("web", "10.96.0.1")
            web["spec"]?["externalIPs"] = ["not an address"]
            try server.apply(web)
            try server.apply(slice("web", ["10.244.0.1"]))
            let dry = try run("--dry-run", "--rules", Program.rules)
            #expect(dry.status == 1 && dry.stdout.contains("\n+ TCP 10.96.0.1:80 rr"), "\(dry)")
            #expect(try table().isEmpty)
            let once = try run("--once", "--rules", Program.rules)
            #expect(once.status == 0, "\(once)")
            #expect(try table() == ["TCP 10.96.0.1:80": ["10.244.0.1:8080"]])
            // Only a program that keeps running tells users.
            #expect(once.stderr.contains("not an address"))
            #expect(server.objects(of: .events).isEmpty)
            try await server.stop()
            let down = try run("--once")
            #expect(down.status == 1 && down.stderr.contains("127.0.0.1:\(server.port)"), "\(down)")
            #expect(try table() == ["TCP 10.96.0.1:80": ["10.244.0.1:8080"]])
        }
    }
}

/// A client that makes an HTTP request after the other, each on a connection of its own.
private final class Load: Sendable {
    static let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"

    private struct Counts {
        var (requests, failures) = (0, 0)
        var (isOver, hasEnded) = (false, false)
    }

    private let counts = Mutex(Counts())

    init(_ namespace: TestNamespace) {
        Thread { [self] in
            while !counts.withLock(\.isOver) {
                // A connection that is refused has no answer, which is counted as a failure.
                let answer = (try? TestConnection(namespace, to: 0x0a60_0001, port: 80)).map { connection in
                    defer { connection.close() }
                    return connection.answer(to: "GET / HTTP/1.1\r\nHost: web\r\n\r\n")
                }
                counts.withLock { counts in
                    counts.requests += 1
                    if answer != Self.answer { counts.failures += 1 }
                }
            }
            counts.withLock { $0.hasEnded = true }
        }
        .start()
    }

    /// Waits until there were some more requests.
    func continueAWhile() {
        let goal = counts.withLock(\.requests) + 10
        while counts.withLock(\.requests) < goal { usleep(1_000) }
    }

    func end() -> (requests: Int, failures: Int) {
        counts.withLock { $0.isOver = true }
        while !counts.withLock(\.hasEnded) { usleep(1_000) }
        return counts.withLock { ($0.requests, $0.failures) }
    }
}
