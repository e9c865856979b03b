import Foundation
import Glibc
import IPVS
import IPVSTestKernel
import Testing

/// What the program is started with, and what keeps it from starting.
extension ProxyKernelTests.ServingManifests {
    /// Starts a script in the namespace.
    private func shell(_ script: String) throws -> TestProcess.Result {
        let text = script.replacing(
            "PROGRAM",
            with: "'\(Program.path)' --cluster-cidr 10.244.0.0/16 --netns '\(namespace.path)'"
        )
        return try TestProcess.run(["bash", "-c", text])
    }

    @Test func manifestsFromAPipe() throws {
        try writeWeb("10.244.0.1")
        let result = try shell("cat '\(folder["web.yaml"])' | PROGRAM --once -")
        #expect(result.status == 0 && result.stderr.isEmpty, "\(result.stderr)")
        #expect(try table() == ["TCP 10.96.0.1:80 rr: 10.244.0.1:8080 1"])
        let plan = try shell("PROGRAM --dry-run /dev/null")
        #expect(plan.status == 2 && plan.stderr.hasPrefix("/dev/null: is empty"))
        let next = try shell(
            "cd '\(folder.path)' && mkfifo pipe && { cat web.yaml > pipe & } && PROGRAM --dry-run pipe"
        )
        #expect(next.status == 0, "\(next.stdout)\(next.stderr)")
    }

    /// Nothing is written into a socket that has the number of a standard descriptor.
    @Test func closedDescriptors() throws {
        try writeWeb("10.244.0.1")
        #expect(try shell("PROGRAM --once '\(folder.path)' <&- >&- 2>&-").status == 1)
        #expect(try table() == ["TCP 10.96.0.1:80 rr: 10.244.0.1:8080 1"])
        let output = try shell("PROGRAM --cleanup >&-")
        #expect(output.status == 1)
        #expect(output.stderr == "ipvs-proxy: can't write to standard output: Bad file descriptor\n")
        #expect(try table().isEmpty)
    }

    /// A daemon that logs nowhere goes on.
    @Test func closedDescriptorsOfADaemon() throws {
        try writeWeb("10.244.0.1")
        let health = try Page.freeEndpoint(IPAddress(127, 0, 0, 1))
        let options = "--min-sync-period 10ms --metrics-address none --healthz-address \(health)"
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = [
            "-c",
            "exec '\(Program.path)' --netns '\(namespace.path)' \(options) '\(folder.path)' <&- >&- 2>&-",
        ]
        try process.run()
        defer { kill(process.processIdentifier, SIGKILL) }
        _ = try Page.askAndWait(health, "/healthz")
        try folder.replace("web.yaml", "kind: [")
        try writeWeb("10.244.0.2")
        try eventually { try table() == ["TCP 10.96.0.1:80 rr: 10.244.0.2:8080 1"] }
    }

    /// The kernel's settings are there, and Dispatch counts its threads there.
    @Test func withoutProcessFiles() throws {
        try writeWeb("10.244.0.1")
        let script = "mount -t tmpfs none /proc; exec '\(Program.path)' --once '\(folder.path)'"
        let result = try TestProcess.run([
            "nsenter", "--net=\(namespace.path)", "unshare", "-m", "sh", "-c", script,
        ])
        #expect(result.status == 1)
        #expect(
            result.stderr
                == "ipvs-proxy: no file system of processes is at /proc, which the program needs\n"
        )
        #expect(try table().isEmpty)
    }

    /// It would never succeed, so it does not continue.
    @Test func withoutPermission() throws {
        try writeWeb("10.244.0.1")
        let result = try TestProcess.run([
            "timeout", "60", "nsenter", "--net=\(namespace.path)", "--setgid", "65534", "--setuid", "65534",
            Program.path, folder.path, "--healthz-address", "", "--metrics-address", "",
        ])
        #expect(result.status == 1 && result.stdout.isEmpty)
        #expect(result.stderr.hasPrefix("ipvs-proxy: can't ") && result.stderr.contains(": not permitted; "))
        #expect(result.stderr.count(where: \.isNewline) == 1, "\(result.stderr)")
    }

    /// A retry can't help, so the program ends with the reason.
    @Test func anInterfaceThatIsSomebodyElses() throws {
        try writeWeb("10.244.0.1")
        let program = try RunningProgram(folder.path, in: namespace)
        try eventually { try table() == ["TCP 10.96.0.1:80 rr: 10.244.0.1:8080 1"] }
        program.signal(SIGTERM)
        #expect(program.end() == 0)
        try namespace.run("ip", "link", "set", "dev", "kube-ipvs0", "alias", "anycast")
        let result = try TestProcess.run([
            "timeout", "60", Program.path, folder.path, "--netns", namespace.path, "--healthz-address", "",
            "--metrics-address", "",
        ])
        #expect(result.status == 1 && result.stdout.isEmpty, "\(result)")
        let reason = "can't use the interface kube-ipvs0: somebody else has given it addresses"
        #expect(result.stderr.contains(" the sync broke off: \(reason)"), "\(result)")
        let last = result.stderr.split(separator: "\n").last ?? ""
        #expect(last.hasPrefix("ipvs-proxy: \(reason)"), "\(result)")
        #expect(try table() == ["TCP 10.96.0.1:80 rr: 10.244.0.1:8080 1"])
    }

    /// A program that can't serve its status pages does nothing else.
    @Test(arguments: ["--healthz-address", "--metrics-address"])
    func anAddressThatIsTaken(option: String) throws {
        let elsewhere = try TestNamespace()
        try folder.write("none.yaml", "# nothing")
        let first = try RunningProgram(folder.path, in: elsewhere)
        _ = try Page.askAndWait(first.metrics, "/metrics")
        try writeWeb("10.244.0.1")
        let other = option == "--healthz-address" ? "--metrics-address" : "--healthz-address"
        let result = try run(folder.path, option, "\(first.metrics)", other, "")
        #expect(result.status == 1 && result.stdout.isEmpty)
        #expect(result.stderr == "ipvs-proxy: can't answer HTTP on \(first.metrics): Address already in use\n")
        #expect(try handle.table().isEmpty)
        #expect(try addresses() == nil)
        withExtendedLifetime(elsewhere) {}
    }

    /// What supervises the program starts it with the new configuration. Traffic does not notice.
    @Test func aChangedConfiguration() throws {
        func write(_ block: String) throws {
            let text = """
                apiVersion: kubeproxy.config.k8s.io/v1alpha1
                kind: KubeProxyConfiguration
                clusterCIDR: \(block)
                conntrack: {maxPerCore: 0, min: 0}
                healthzBindAddress: ""
                metricsBindAddress: ""
                """
            try folder.replace("config.conf", text)
        }
        try write("10.244.0.0/16")
        try writeWeb("10.244.0.1")
        let program = try RunningProgram(folder["web.yaml"], in: namespace, "--config", folder["config.conf"])
        try eventually { try table() == ["TCP 10.96.0.1:80 rr: 10.244.0.1:8080 1"] }
        try write("10.244.0.0/33")
        try eventually { program.log.contains("the configuration stays as it was") }
        try write("10.245.0.0/16")
        #expect(program.end() == 1, "\(program.log)")
        let sentence = "\(folder["config.conf"]) has changed: the program ends, to be started again"
        try eventually { program.log.contains("ipvs-proxy: \(sentence)") }
        #expect(try table() == ["TCP 10.96.0.1:80 rr: 10.244.0.1:8080 1"])
    }
}
