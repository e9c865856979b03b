import Foundation
import Glibc
import IPVS
import IPVSTestKernel
import Testing

/// Tests of the program that need a kernel with IPVS and root. They run one after the other, like others.
@Suite(.serialized, .needsKernel)
enum ProxyKernelTests {}

extension ProxyKernelTests {
    /// The program as its users run it.
    @Suite(.needsPacketRules) struct ServingManifests {
        let folder: Folder
        let namespace: TestNamespace
        let handle: Handle

        init() throws {
            folder = try Folder()
            namespace = try TestNamespace()
            handle = try namespace.open()
        }

        /// The addresses of the dummy interface; nil if it doesn't exist.
        func addresses() throws -> [String]? {
            let result = try TestProcess.run(["nsenter", "--net=\(namespace.path)", "ip", "-o", "addr"])
            let links = try namespace.run("ip", "-o", "link")
            guard links.contains("kube-ipvs0") else { return nil }
            return result.stdout.split(separator: "\n").filter { $0.contains("kube-ipvs0") }
                .map { String($0.split(separator: " ")[3]) }.sorted()
        }

        /// The table without the proxy's mark, in the form that ipvsctl export prints.
        func table() throws -> [String] {
            try handle.table().sortedEntries().map { service in
                let reals = service.realServers.map { "\($0.endpoint) \($0.weight)" }
                return "\(service.server.id) \(service.server.scheduler)"
                    + (service.server.persistence.map { " \($0.timeout)" } ?? "") + ": " + reals.joined(separator: ", ")
            }
        }

        /// A service and an endpoint slice, both of default/web.
        func writeWeb(_ addresses: String..., clusterIP: String = "10.96.0.1") throws {
            let endpoints = addresses.map { "{addresses: [\($0)], nodeName: node-a}" }.joined(separator: ", ")
            try folder.replace(
                "web.yaml",
                """
                \(Sample.service(clusterIP: clusterIP))---
                \(Sample.slice())endpoints: [\(endpoints)]
                """.replacing("endpoints: []\n", with: "")
            )
        }

        func run(_ options: String...) throws -> TestProcess.Result {
            let pods = ["--cluster-cidr", "10.244.0.0/16,fd00:10:244::/48"]
            return try TestProcess.run([Program.path, "--netns", namespace.path] + pods + options)
        }

        @Test func whatKubectlPrintsOnce() throws {
            try folder.write("all.yaml", try Sample.fixture("kubectl.yaml"))
            try folder.write("dns.json", try Sample.fixture("kubectl.json"))
            let expected = [
                "TCP 10.96.0.10:53 rr: 10.244.0.2:53 1",
                "TCP 10.96.12.34:80 rr 600: 10.244.1.5:8080 1", "TCP 10.96.12.34:443 rr 600: 10.244.1.5:8443 1",
                "TCP 192.0.2.80:80 rr 600: 10.244.1.5:8080 1", "TCP 192.0.2.80:443 rr 600: 10.244.1.5:8443 1",
                "TCP 203.0.113.7:80 rr 600: 10.244.1.5:8080 1", "TCP 203.0.113.7:443 rr 600: 10.244.1.5:8443 1",
                "TCP [2001:db8::7]:80 rr 600: ", "TCP [2001:db8::7]:443 rr 600: ",
                "TCP [fd00:10:96::c22]:80 rr 600: ", "TCP [fd00:10:96::c22]:443 rr 600: ",
                "UDP 10.96.0.10:53 rr: 10.244.0.2:53 1",
            ]
            let dryRun = try run("--dry-run", folder.path, "--node-name", "node-a")
            #expect(dryRun.status == 1 && dryRun.stderr.isEmpty, "\(dryRun)")
            #expect(
                dryRun.stdout.contains("\n+ UDP 10.96.0.10:53 rr") && dryRun.stdout.contains("\n+ address 10.96.0.10\n")
            )
            let setting = "net.ipv4.vs.conntrack"
            #expect(dryRun.stdout.hasPrefix("- \(setting) = 0\n+ \(setting) = 1\n"))
            #expect(try handle.table().isEmpty)
            #expect(try addresses() == nil)

            let once = try run("--once", folder.path, "--node-name", "node-a")
            #expect(once.status == 0 && once.stderr.isEmpty, "\(once)")
            #expect(once.stdout.hasPrefix("set \(setting) to 1, which was 0\n"))
            #expect(
                once.stdout.contains("\nfull sync: 20 changes, 6 bound, 0 unbound, ")
                    && once.stdout.hasSuffix(" rules, 0 drained, 0 draining, 0 failed\n")
            )
            #expect(try table().sorted() == expected.sorted())
            // According to ipvsadm: one of them with its real server.
            #expect(try namespace.saved().contains("-a -u 10.96.0.10:53 -r 10.244.0.2:53 -m -w 1"))
            #expect(
                try addresses() == [
                    "10.96.0.10/32", "10.96.12.34/32", "192.0.2.80/32", "2001:db8::7/128", "203.0.113.7/32",
                    "fd00:10:96::c22/128",
                ]
            )
            let again = try run("--once", folder.path, "--node-name", "node-a")
            #expect(again.stdout == "full sync: 0 changes, 0 bound, 0 unbound, 0 drained, 0 draining, 0 failed\n")
            let nothing = try run("--dry-run", folder.path, "--node-name", "node-a")
            #expect(nothing.status == 0 && nothing.stdout.isEmpty && nothing.stderr.isEmpty, "\(nothing)")
        }

        @Test func nodePortsAndOptions() throws {
            try namespace.run("ip", "link", "add", "wire", "type", "dummy")
            for address in ["192.0.2.1/24", "198.51.100.1/24"] {
                try namespace.run("ip", "addr", "add", address, "dev", "wire")
            }
            let service = Sample.service().replacing("spec:", with: "spec:\n  type: NodePort")
                .replacing("- port: 80", with: "- port: 80\n    nodePort: 30080")
            try folder.write("a.yaml", "\(service)---\n\(Sample.slice("web-1", of: "web", "10.244.0.1"))")
            let once = try run(
                "--once",
                folder.path,
                "--nodeport-addresses",
                "203.0.113.0/24,192.0.2.0/24",
                "--scheduler",
                "lc",
                "--bind-interface",
                "services",
                "--exclude-cidrs",
                "10.97.0.0/16"
            )
            #expect(once.status == 0, "\(once)")
            #expect(
                try table() == ["TCP 10.96.0.1:80 lc: 10.244.0.1:8080 1", "TCP 192.0.2.1:30080 lc: 10.244.0.1:8080 1"]
            )
            #expect(try namespace.run("ip", "-o", "addr", "show", "services").contains("10.96.0.1/32"))
            let excluded = try run(
                "--dry-run",
                folder.path,
                "--exclude-cidrs",
                "10.96.0.0/16",
                "--bind-interface",
                "services"
            )
            // Excluded addresses are neither served nor removed, which is logged. No packet rules apply to them.
            let lines = excluded.stdout.split(separator: "\n").filter { $0.contains("10.96.0.1") }
                .filter { !$0.hasPrefix("- rule ") }
            let reason = "! default/web can't have TCP 10.96.0.1:80, the address of which is excluded"
            #expect(excluded.status == 1 && lines == [Substring(reason)], "\(excluded)")
        }

        @Test func routesInsteadOfAddresses() throws {
            try writeWeb("10.244.0.1")
            let once = try run("--once", folder.path, "--bind-as", "routes")
            #expect(once.status == 0, "\(once)")
            #expect(try addresses() == [])
            let routes = try namespace.run("ip", "route", "show", "table", "local", "dev", "kube-ipvs0")
            #expect(routes.hasPrefix("local 10.96.0.1 "), "\(routes)")
            let cleanup = try run("--cleanup", "--bind-as", "routes")
            #expect(cleanup.status == 0, "\(cleanup)")
            #expect(try !namespace.run("ip", "link").contains("kube-ipvs0"))
        }

        @Test func editsAreFollowed() throws {
            try writeWeb("10.244.0.1")
            let program = try RunningProgram(folder.path, in: namespace)
            try eventually { try table() == ["TCP 10.96.0.1:80 rr: 10.244.0.1:8080 1"] }
            try writeWeb("10.244.0.1", "10.244.0.2")
            try eventually { try table() == ["TCP 10.96.0.1:80 rr: 10.244.0.1:8080 1, 10.244.0.2:8080 1"] }
            try folder.write("api.yaml", Sample.service("api", clusterIP: "10.96.0.2"))
            try eventually { try table().last == "TCP 10.96.0.2:80 rr: " }
            #expect(try addresses() == ["10.96.0.1/32", "10.96.0.2/32"])
            try folder.remove("web.yaml")
            try eventually { try table() == ["TCP 10.96.0.2:80 rr: "] && addresses() == ["10.96.0.2/32"] }
            #expect(program.log.contains("the manifests have changed: services +0 ~0 -1, endpoint slices +0 ~0 -1"))
        }

        @Test func aBrokenEditChangesNothing() throws {
            try writeWeb("10.244.0.1")
            try folder.write("api.yaml", Sample.service("api", clusterIP: "10.96.0.2"))
            let program = try RunningProgram(folder.path, in: namespace)
            try eventually { try table().count == 2 }
            let before = try table()
            try folder.remove("web.yaml")
            try folder.write("api.yaml", Sample.service("api", clusterIP: "10.96.0.256"))
            let message =
                "\(folder["api.yaml"]):6: Service default/api: spec.clusterIP: \"10.96.0.256\" is not an IP address"
            try eventually { program.log.contains(message) }
            #expect(try Page.askAndWait(program.metrics, "/metrics").body.contains("\nipvs_proxy_manifest_errors 1\n"))
            program.signal(SIGHUP)
            // Logged again, as the user asked again.
            try eventually { program.log.split(separator: message, omittingEmptySubsequences: false).count == 3 }
            #expect(try table() == before)
            try folder.write("api.yaml", Sample.service("api", clusterIP: "10.96.0.3"))
            try eventually { try table() == ["TCP 10.96.0.3:80 rr: "] }
            #expect(try Page.askAndWait(program.metrics, "/metrics").body.contains("\nipvs_proxy_manifest_errors 0\n"))
        }

        /// Whatever is not served is a warning in each mode, and counted.
        @Test(arguments: ["--once", "--dry-run", nil])
        func aWarning(option: String?) throws {
            try writeWeb("10.244.0.1")
            try folder.write("b.yaml", Sample.slice("b-1", of: "b", "10.244.0.2"))
            let message = " \(folder["b.yaml"]):1: EndpointSlice default/b-1: there is no service default/b\n"
            if let option {
                let result = try run(folder.path, option)
                #expect(result.stderr.contains(message) && result.stderr.count(where: \.isNewline) == 1, "\(result)")
                return
            }
            let program = try RunningProgram(folder.path, in: namespace)
            func metric() throws -> String {
                try Page.askAndWait(program.metrics, "/metrics").body.split(separator: "\n").map(String.init)
                    .first { $0.hasPrefix("ipvs_proxy_manifest_warnings ") } ?? ""
            }
            #expect(try metric() == "ipvs_proxy_manifest_warnings 1")
            #expect(program.log.contains(message))
            try folder.write(
                "b.yaml",
                "\(Sample.service("b", clusterIP: "10.96.0.2"))---\n\(Sample.slice("b-1", of: "b"))"
            )
            try eventually { try metric() == "ipvs_proxy_manifest_warnings 0" }
        }

        @Test(arguments: ["--once", "--dry-run", nil])
        func anErrorAtTheStart(option: String?) throws {
            try folder.write("a.yaml", Sample.service())
            try folder.write("b.yaml", Sample.service("b", clusterIP: "here"))
            let result = try run(folder.path, option ?? "--strict-arp")
            #expect(result.status == (option == "--dry-run" ? 2 : 1))
            #expect(
                result.stderr
                    == "\(folder["b.yaml"]):6: Service default/b: spec.clusterIP: \"here\" is not an IP address\n"
            )
            #expect(try handle.table().isEmpty)
            #expect(try addresses() == nil)
        }

        @Test func healthAndMetrics() throws {
            try writeWeb("10.244.0.1", "10.244.0.2")
            let program = try RunningProgram(folder.path, in: namespace)
            try eventually { try !handle.table().isEmpty }
            try eventually { try Page.askAndWait(program.health, "/healthz").body.contains("\"lastUpdated\": \"") }
            let health = try Page.askAndWait(program.health, "/healthz")
            #expect(health.status == 200 && health.body.contains("\"nodeEligible\": true"), "\(health)")
            #expect(try Page.askAndWait(program.health, "/livez").status == 200)
            #expect(try Page.askAndWait(program.health, "/metrics").status == 404)
            #expect(try Page.askAndWait(program.metrics, "/proxyMode").body == "ipvs")
            let metrics = try Page.askAndWait(program.metrics, "/metrics")
            #expect(metrics.status == 200 && metrics.contentType == "text/plain; version=0.0.4; charset=utf-8")
            let lines = metrics.body.split(separator: "\n")
            #expect(lines.contains("kubeproxy_ipvs_real_servers 2"))
            #expect(lines.contains("kubeproxy_sync_proxy_rules_service_changes_total 1"))
            #expect(lines.contains(#"kubeproxy_proxy_livez_total{code="200"} 1"#))
            #expect(lines.contains("kubeproxy_sync_proxy_rules_duration_seconds_count 1"))
            // Each metric has its help text.
            let names = lines.filter { $0.hasPrefix("# TYPE ") }.map { $0.split(separator: " ")[2] }
            let helped = lines.filter { $0.hasPrefix("# HELP ") }.map { $0.split(separator: " ")[2] }
            #expect(names == helped)
        }

        @Test(arguments: [SIGTERM, SIGINT])
        func theTableStaysAtTheEnd(signal: Int32) throws {
            try writeWeb("10.244.0.1")
            let program = try RunningProgram(folder.path, in: namespace)
            try eventually { try !handle.table().isEmpty }
            _ = try Page.askAndWait(program.health, "/healthz")
            program.signal(signal)
            #expect(program.end() == 0)
            #expect(try table() == ["TCP 10.96.0.1:80 rr: 10.244.0.1:8080 1"])
            #expect(try addresses() == ["10.96.0.1/32"])
            try eventually { program.log.contains("ended; the kernel's table stays as it is") }
        }

        @Test func nobodyReadsTheLog() throws {
            try writeWeb("10.244.0.1")
            let program = try RunningProgram(folder.path, in: namespace)
            _ = try Page.askAndWait(program.health, "/healthz")
            try program.closeLog()
            try writeWeb("10.244.0.2")
            try eventually { try table() == ["TCP 10.96.0.1:80 rr: 10.244.0.2:8080 1"] }
            program.signal(SIGTERM)
            #expect(program.end() == 0)
        }

        /// The proxy continues, and answers again.
        @Test func moreConnectionsThanItMayHave() throws {
            try writeWeb("10.244.0.1")
            let program = try RunningProgram(folder.path, in: namespace)
            _ = try Page.askAndWait(program.health, "/healthz")
            try namespace.run("prlimit", "--pid", "\(program.number)", "--nofile=40")
            let connections = try (0..<60).map { _ in try Page.connection(to: program.health) }
            try eventually { program.log.contains("can't answer HTTP on \(program.health): Too many open files") }
            for connection in connections { close(connection) }
            #expect(try Page.askAndWait(program.health, "/livez").status == 200)
            try writeWeb("10.244.0.2")
            try eventually { try table() == ["TCP 10.96.0.1:80 rr: 10.244.0.2:8080 1"] }
            program.signal(SIGTERM)
            #expect(program.end() == 0)
        }

        /// Everything that belongs to it is removed, and nothing else.
        @Test func cleanup() throws {
            func settings() throws -> String {
                try namespace.run(
                    "sysctl",
                    "net.ipv4.vs.conntrack",
                    "net.ipv4.vs.expire_nodest_conn",
                    "net.ipv4.ip_forward"
                )
            }
            let before = try settings()
            try namespace.ipvsadm("-A -t 10.97.0.1:80 -s wlc")
            try namespace.ipvsadm("-a -t 10.97.0.1:80 -r 10.244.0.9:80 -m")
            let foreign = try namespace.saved()
            try writeWeb("10.244.0.1")
            #expect(try run("--once", folder.path).status == 0)
            #expect(try settings() != before)
            let result = try run("--cleanup")
            #expect(result.status == 0 && result.stderr.isEmpty, "\(result)")
            #expect(
                result.stdout.hasPrefix(
                    "removed 1 virtual server, 1 address, the interface kube-ipvs0 and the packet rules\n"
                )
            )
            #expect(try namespace.saved() == foreign)
            #expect(try addresses() == nil)
            #expect(try settings() == before)
            #expect(try run("--cleanup").stdout == "removed 0 virtual servers and 0 addresses\n")
        }

        /// A virtual server that others have added is left to them; everything else is done.
        @Test func oneThatIsSomebodyElses() throws {
            try namespace.ipvsadm("-A -t 10.96.0.1:80 -s wlc")
            try writeWeb("10.244.0.1")
            try folder.write("api.yaml", Sample.service("api", clusterIP: "10.96.0.2"))
            let once = try run("--once", folder.path)
            #expect(once.status == 1)
            let reason = "default/web: can't use TCP 10.96.0.1:80, which somebody else has added to the kernel's table"
            #expect(once.stderr.contains(reason) && once.stderr.count(where: \.isNewline) == 1, "\(once)")
            #expect(once.stdout.hasSuffix(" 1 failed\n"))
            #expect(try table() == ["TCP 10.96.0.1:80 wlc: ", "TCP 10.96.0.2:80 rr: "])
            let dryRun = try run("--dry-run", folder.path)
            #expect(dryRun.status == 2 && dryRun.stdout.hasPrefix("! default/web: can't use "), "\(dryRun)")
            // A conflict between services is logged too, and there is nothing else to do.
            try folder.write("other.yaml", Sample.service("other", clusterIP: "10.96.0.2"))
            #expect(
                try run("--dry-run", folder.path).stdout
                    .hasSuffix("\n! default/other can't have TCP 10.96.0.2:80, which default/api has\n")
            )
        }
    }
}
