import Foundation
import Glibc
import IPVS
import IPVSTestKernel
import Testing

extension ProxyKernelTests {
    /// The packet rules of the program.
    @Suite(.needsPacketRules) struct PacketRules {
        let folder: Folder
        let namespace: TestNamespace

        init() throws {
            (folder, namespace) = (try Folder(), try TestNamespace())
            try folder.write(
                "web.yaml",
                """
                \(Sample.service(clusterIP: "10.96.0.1"))---
                \(Sample.slice())endpoints: [{addresses: [10.244.1.1], nodeName: node-a}]
                """.replacing("endpoints: []\n", with: "")
            )
        }

        private func run(_ options: String...) throws -> TestProcess.Result {
            try TestProcess.run([Program.path, "--netns", namespace.path, "--node-name", "node-a"] + options)
        }

        private func dryRun(_ options: String...) throws -> TestProcess.Result {
            try TestProcess.run(
                [Program.path, "--netns", namespace.path, "--node-name", "node-a", "--dry-run", folder.path] + options
            )
        }

        @Test func dryRunsShowWhatDiffers() throws {
            let first = try dryRun("--cluster-cidr", "10.244.0.0/16")
            #expect(first.status == 1)
            #expect(first.stdout.contains("+ packet rules from scratch\n"))
            #expect(first.stdout.contains("+ rule hairpins 10.244.1.1\n"))
            let once = try run("--once", folder.path, "--cluster-cidr", "10.244.0.0/16")
            #expect(once.status == 0, "\(once.stderr)")
            let second = try dryRun("--cluster-cidr", "10.244.0.0/16")
            #expect(second.status == 0 && second.stdout.isEmpty, "\(second)")
            let table = "inet swift-ipvs-kube-ipvs0"
            try namespace.run("nft", "delete element \(table) hairpins-4 { 10.244.1.1 . 10.244.1.1 }")
            #expect(try dryRun("--cluster-cidr", "10.244.0.0/16").stdout == "+ rule hairpins 10.244.1.1\n")
            // Other options are another program of rules.
            #expect(try dryRun("--cluster-cidr", "10.0.0.0/8").stdout.contains("+ packet rules anew\n"))
        }

        @Test func withoutRulesThoseOfAnEarlierRunAreRemoved() throws {
            #expect(try run("--once", folder.path, "--cluster-cidr", "10.244.0.0/16").status == 0)
            let dryRun = try dryRun("--rules", "none")
            #expect(dryRun.status == 1 && dryRun.stdout == "- the packet rules of an earlier run\n", "\(dryRun)")
            let once = try run("--once", folder.path, "--rules", "none")
            #expect(once.status == 0, "\(once)")
            #expect(once.stdout.hasPrefix("removed the packet rules of an earlier run\nfull sync: "), "\(once)")
            #expect(try namespace.run("nft", "list ruleset") == "")
            #expect(try self.dryRun("--rules", "none").status == 0)
        }

        @Test func cleanUpLeavesTheRulesOfOthers() throws {
            try namespace.run(
                "nft",
                "add table ip other { chain c { type filter hook forward priority 0; policy drop; }; }"
            )
            let before = try namespace.run("nft", "list ruleset")
            let once = try run("--once", folder.path, "--cluster-cidr", "10.244.0.0/16")
            #expect(once.status == 0)
            #expect(once.stderr.contains("nft insert rule ip other c ct state established,related accept"))
            #expect(try namespace.run("nft", "list ruleset") != before)
            let cleanup = try run("--cleanup")
            #expect(cleanup.status == 0 && cleanup.stdout.contains("and the packet rules\n"), "\(cleanup)")
            #expect(try namespace.run("nft", "list ruleset") == before)
        }

        /// While a proxier runs, its rules are not another one's to remove.
        @Test func aRunningProxierKeepsItsRules() throws {
            let program = try RunningProgram(
                folder.path,
                in: namespace,
                "--node-name",
                "node-a",
                "--cluster-cidr",
                "10.244.0.0/16"
            )
            try eventually { try namespace.run("nft", "list ruleset").contains("10.244.1.1") }
            #expect(try run("--once", folder.path, "--rules", "none").status == 1)
            #expect(try namespace.run("nft", "list ruleset").contains("10.244.1.1"))
            program.signal(SIGTERM)
            #expect(program.end() == 0)
        }
    }
}
