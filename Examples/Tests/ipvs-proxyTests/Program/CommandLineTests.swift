import Glibc
import IPVSTestKernel
import Testing

/// The program's behavior without a kernel.
@Suite struct CommandLines {
    @Test(
        arguments: [
            (["--bogus"], "Unknown option '--bogus'"), (["--versionx"], "Unknown option '--versionx'"),
            ([], "or how to reach an API server with --kubeconfig, --master or --config."),
            (["--once", "--dry-run", "a"], "Only one of --once, --dry-run, --cleanup and --init-only can be done."),
            (
                ["a", "--sync-period", "1s", "--min-sync-period", "2s"],
                "--ipvs-sync-period must not be less than --ipvs-min-sync-period."
            ),
            (["a", "--sync-period", "0", "--min-sync-period", "0"], "--ipvs-sync-period must be more than 0."),
            (["a", "--cleanup"], "--cleanup takes no manifests: it removes everything that the proxy has created."),
            (["a", "--node-name", ""], "--hostname-override must not be empty."),
            (["a", "--sync-period", "30"], "it must be a duration, such as 500ms, 30s or 1m30s"),
            (["a", "--scheduler", ""], "it must be the name of a scheduler, such as rr, lc or mh"),
            (["a", "--metrics-address", "80"], "The value '80' is invalid for '--metrics-address <address:port>'"),
            (
                ["a", "--metrics-address", "80"],
                "it must be none, or an address with or without a port, such as 127.0.0.1:10249"
            ),
            (["a", "--metrics-address", "[::1%lo]:80"], "IPVS has no zones, so leave out %lo"),
            (
                ["a", "--masquerade-all=maybe"],
                "The value 'maybe' is invalid for '--masquerade-all': it must be true or false"
            ),
            (["a", "--udp-timeout", "5"], "it must be a duration, such as 500ms, 30s or 1m30s"),
            (["a", "--log-dir"], "Missing value for '--log-dir'"),
            (["a", "--proxy-mode=iptables"], "this program has no mode iptables"),
            (["a", "--detect-local-mode=NodeCIDR"], "NodeCIDR requires an API server"),
            (["a", "--nodeport-addresses=primary"], "only with an API server"),
            (["a", "--exclude-cidrs", "10.0.0.1/33"], "\"33\" is not the length of a prefix, which is from 0 to 32"),
            (["a", "--exclude-cidrs", "10.0.0.0/8,"], "it is empty"),
            (["a", "--nodeport-addresses", "eth0"], "\"eth0\" is not an IP address"),
            (["a", "--nodeport-addresses", ""], "it is empty"),
            (["-"], "Standard input (-) can't be watched for changes: store it in a file, or use --once or --dry-run."),
            (["-", "-", "--once"], "Standard input (-) can be read only once."),
            (["a", "--log-level", "loud"], "it must be one of trace, debug, info, notice, warning, error, critical"),
            (["a", "--netns", ""], "it is empty"),
            (["a", "--conntrack-min", "5"], "--conntrack-min has no effect without --conntrack-max-per-core."),
        ]
    )
    func wrong(arguments: [String], sentence: String) throws {
        let result = try TestProcess.run([Program.path] + arguments)
        #expect(result.status == 2 && result.stdout.isEmpty)
        #expect(result.stderr.contains(sentence), "\(result.stderr)")
    }

    @Test func help() throws {
        let result = try Program.run("--help")
        #expect(result.status == 0 && result.stderr.isEmpty)
        #expect(result.stdout.contains("USAGE: ipvs-proxy [<options>] [<manifests> ...]"))
        // No line is longer than a terminal's.
        #expect(result.stdout.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    /// None of them blocks, not even a pipe without a writer.
    @Test func whatIsNoManifest() throws {
        let folder = try Folder()
        #expect(mkfifo(folder["a.yaml"], 0o600) == 0)
        try folder.link("b.yaml", to: "c.yaml")
        try folder.link("c.yaml", to: "b.yaml")
        try folder.link("d.json", to: "/dev/zero")
        try folder.write("e.yaml", "")
        try #require(truncate(folder["e.yaml"], 1 << 40) == 0)
        let result = try TestProcess.run(["timeout", "60", Program.path, "--once", folder.path])
        #expect(result.status == 1 && result.stdout.isEmpty)
        #expect(
            result.stderr == """
                \(folder["a.yaml"]): is not a regular file, as those in a folder must be
                \(folder["b.yaml"]): Too many levels of symbolic links
                \(folder["c.yaml"]): Too many levels of symbolic links
                \(folder["d.json"]): is not a regular file, as those in a folder must be
                \(folder["e.yaml"]): has more than 128 MiB

                """
        )
    }

    /// The kernel is not used before the manifests are known to be valid.
    @Test(arguments: ["--once", "--dry-run", "--strict-arp"])
    func missingManifests(option: String) throws {
        let result = try TestProcess.run([Program.path, "/nowhere/a.yaml", "/nowhere/b", option])
        #expect(result.status == (option == "--dry-run" ? 2 : 1) && result.stdout.isEmpty)
        #expect(
            result.stderr == """
                /nowhere/a.yaml: No such file or directory
                /nowhere/b: No such file or directory

                """
        )
    }
}
