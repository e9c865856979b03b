import Foundation
import IPVS
import IPVSTestKernel
import Testing

extension ProxyKernelTests {
    /// What users see of what is not served, of timeouts, and of take-overs.
    @Suite(.needsPacketRules) struct Notices {
        let folder: Folder
        let namespace: TestNamespace
        let handle: Handle

        init() throws {
            folder = try Folder()
            namespace = try TestNamespace()
            handle = try namespace.open()
        }

        private func run(_ options: String...) throws -> TestProcess.Result {
            try TestProcess.run(
                [Program.path, "--netns", namespace.path, "--node-name", "node-a", folder.path]
                    + ["--cluster-cidr", "10.244.0.0/16"] + options
            )
        }

        /// A service with fields and an endpoint.
        private func write(_ spec: String, status: String = "{}", hints: [String] = [""]) throws {
            let endpoints = hints.enumerated().map { "{addresses: [10.244.1.\($0 + 1)]\($1)}" }.joined(separator: ", ")
            try folder.write(
                "web.yaml",
                """
                apiVersion: v1
                kind: Service
                metadata: {name: web}
                spec: {clusterIP: 10.96.0.1, \(spec)}
                status: \(status)
                ---
                \(Sample.slice().replacing("endpoints: []", with: "endpoints: [\(endpoints)]"))
                """
            )
        }

        private func virtualServers() throws -> [String] {
            try handle.table().sortedEntries().map { "\($0.server.id)" }
        }

        @Test func addressesOfAnotherFamily() throws {
            try write(
                "type: LoadBalancer, externalIPs: ['2001:db8:5::9'], ports: [{port: 80}]",
                status: "{loadBalancer: {ingress: [{ip: 198.51.100.10}, {ip: '2001:db8::10'}]}}"
            )
            let sentences = ["2001:db8::10", "2001:db8:5::9"].map {
                "default/web can't have TCP [\($0)]:80: the service has no IPv6 cluster IP"
            }
            let dryRun = try run("--dry-run")
            #expect(dryRun.status == 1 && !dryRun.stdout.contains("+ address 2001"), "\(dryRun)")
            #expect(dryRun.stdout.hasSuffix(sentences.map { "\n! \($0)" }.joined() + "\n"), "\(dryRun)")
            let once = try run("--once")
            #expect(
                once.status == 0
                    && sentences.allSatisfy { once.stderr.contains("warning ipvs-proxy: [IPVSProxy] \($0)\n") }
            )
            #expect(try virtualServers() == ["TCP 10.96.0.1:80", "TCP 198.51.100.10:80"])
            #expect(try !namespace.run("ip", "-6", "addr", "show", "dev", "kube-ipvs0").contains("2001:db8"))
        }

        @Test func nodePortBlocksWithoutAddresses() throws {
            try write("type: NodePort, ports: [{port: 80, nodePort: 30080}]")
            let blocks = "127.0.0.1/32,203.0.113.0/24"
            let sentences = [
                "no node port is served in 127.0.0.1/32: loopback addresses have no node ports",
                "no node port is served in 203.0.113.0/24: the node has no address in it",
            ]
            let dryRun = try run("--dry-run", "--nodeport-addresses", blocks)
            #expect(dryRun.stdout.hasSuffix(sentences.map { "\n! \($0)" }.joined() + "\n"), "\(dryRun)")
            let once = try run("--once", "--nodeport-addresses", blocks)
            #expect(once.status == 0 && sentences.allSatisfy { once.stderr.contains("[IPVSProxy] \($0)\n") }, "\(once)")
        }

        @Test func hints() throws {
            let hints = ["a", "b"].map { ", hints: {forNodes: [{name: node-\($0)}], forZones: [{name: zone-\($0)}]}" }
            try write("ports: [{port: 80}]", hints: hints)
            let dryRun = try run("--dry-run")
            #expect(
                dryRun.stdout.contains("10.244.1.1:8080") && !dryRun.stdout.contains("10.244.1.2:8080"),
                "\(dryRun)"
            )
            #expect(dryRun.stderr.contains(" has hints for zones, which are ignored"))
            let elsewhere = try run("--dry-run", "--node-name", "node-c", "--zone", "zone-b")
            #expect(elsewhere.stderr.isEmpty && elsewhere.stdout.contains("10.244.1.2:8080"), "\(elsewhere)")
            #expect(!elsewhere.stdout.contains("10.244.1.1:8080"))
        }

        @Test func timeouts() throws {
            try write("ports: [{port: 80}]")
            let options = ["--ipvs-tcp-timeout", "2h", "--ipvs-tcpfin-timeout", "0", "--ipvs-udp-timeout", "1m"]
            func run(_ mode: String) throws -> TestProcess.Result {
                try TestProcess.run([Program.path, "--netns", namespace.path, folder.path, mode] + options)
            }
            let changes =
                "\n- TCP timeout = 900 s\n+ TCP timeout = 7200 s\n- UDP timeout = 300 s\n+ UDP timeout = 60 s\n"
            #expect(try run("--dry-run").stdout.contains(changes))
            #expect(try handle.timeouts() == Timeouts(tcp: 900, tcpFIN: 120, udp: 300))
            let set = "\nset the TCP timeout to 7200 s, which was 900 s\nset the UDP timeout to 60 s, which was 300 s\n"
            #expect(try run("--once").stdout.contains(set))
            #expect(try handle.timeouts() == Timeouts(tcp: 7_200, tcpFIN: 120, udp: 60))
            #expect(try run("--dry-run").status == 0)
            let cleanup = try TestProcess.run([Program.path, "--netns", namespace.path, "--cleanup"])
            let back = "\nset the TCP timeout back to 900 s\nset the UDP timeout back to 300 s\n"
            #expect(cleanup.status == 0 && cleanup.stdout.hasSuffix(back), "\(cleanup)")
            #expect(try handle.timeouts() == Timeouts(tcp: 900, tcpFIN: 120, udp: 300))
        }

        /// The first program makes it, ipvsadm removes its mark, and the next program takes it over.
        @Test func anEditedVirtualServer() throws {
            try write("ports: [{port: 80}]")
            #expect(try run("--once").status == 0)
            let before = try handle.table()
            try namespace.ipvsadm("-E -t 10.96.0.1:80 -s wlc")
            #expect(try run("--dry-run").status == 1)
            let once = try run("--once")
            #expect(once.status == 0 && once.stderr.isEmpty, "\(once)")
            #expect(once.stdout.contains("took over 1 virtual server without the proxy's mark\n"), "\(once)")
            #expect(try handle.table() == before)
        }
    }
}
