import ArgumentParser
import Foundation
import IPVSTestKernel
import Testing

@testable import ipvsctl

@Suite("Help, and exit statuses without a kernel")
struct HelpTests {
    private static var names: [String] {
        IPVSCtl.configuration.subcommands.compactMap { $0.configuration.commandName ?? $0._commandName }
    }

    @Test func theHelpNamesEachSubcommand() throws {
        let help = try Program.run("help")
        #expect(help.status == 0 && help.errors.isEmpty)
        #expect(Self.names.contains("apply") && Self.names.contains("drain"))
        #expect(try Program.run("--help").output == help.output)
        let compatible = try Program.run("-h")
        #expect(compatible.status == 0 && compatible.output != help.output)
        let pointer = compatible.output.components(separatedBy: "\n").first { $0.contains("ipvsctl --help") } ?? ""
        for name in Self.names {
            #expect(help.output.contains("\n  \(name) "))
            #expect(pointer.contains(name))
            let own = try Program.run("help", name)
            #expect(own.status == 0 && own.errors.isEmpty)
            #expect(own.output.contains("USAGE: ipvsctl \(name)"))
            #expect(own.output.contains("\n  ipvsctl \(name)"), "\(name) has no example")
            #expect(try Program.run(name, "--help").output == own.output)
        }
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) throws {
        let script = try Program.run("--generate-completion-script", shell)
        #expect(script.status == 0, "\(script.all)")
        for name in Self.names { #expect(script.output.contains(name)) }
        #expect(script.output.contains("netns"))
        guard shell == "bash" else { return }
        let file = try TemporaryFile(script.output)
        #expect(try TestProcess.run(["bash", "-n", file.path]).status == 0)
    }

    /// The words of an invalid command line, and a part of the message.
    @Test(
        arguments: [
            (["apply"], "Missing expected argument '<file>'"), (["apply", "a", "b"], "Unexpected argument 'b'"),
            (["apply", "a", "--own", "10.0.0.1/33"], "\"33\" is not the length of a prefix, which is from 0 to 32"),
            (["apply", "a", "--own", ""], "it is empty"),
            (["apply", "a", "--own", "a,b"], "repeat the option for more"),
            (["apply", "a", "--own", "fe80::1%eth0"], "IPVS has no zones, so leave out %eth0"),
            (["apply", "a", "--own", "fwm:0"], "firewall marks are written as fwm, fwm:7 or fwm:100-199"),
            (["top", "--count", "0"], "it must be a number of at least 1"),
            (["apply", "a", "--drain", "soon"], "it must be seconds, or a number with a unit: 500ms, 30s, 5m or 1h"),
            (["export", "--format", "xml"], "'xml' is invalid for '--format"),
            (["diff"], "Missing expected argument '<file>'"),
            (["drain", "tcp:10.0.0.1", "10.0.0.1:80"], "it is not a virtual server, such as tcp:10.96.0.1:80"),
            (["drain", "tcp:10.0.0.1:80", "10.0.0.1"], "it is not an address and port, such as 10.244.1.5:8080"),
            (["drain", "tcp:10.0.0.1:65536", "10.0.0.1:80"], "65536 is not a port, which is a number from 0 to 65535"),
            (["drain", "tcp:10.0.0.1:80", "10.0.0.1:-1"], "-1 is not a port, which is a number from 0 to 65535"),
            (["drain", "tcpp:10.0.0.1:80", "10.0.0.1:80"], "the protocol is tcp, udp or sctp"),
            (["drain", "fwm:4294967296", "10.0.0.1:80"], "a firewall mark is a number from 1 to 4294967295"),
            (["apply", "a", "--wait", "1000000001"], "the number must not be greater than 1000000000"),
            (["export", "--netns", ""], "it is empty"), (["validate", "--frob", "a"], "Unknown option '--frob'"),
        ]
    )
    func wrongCommandLines(_ words: [String], _ sentence: String) throws {
        let result = try Program.start(words)
        result.waitUntilExit()
        let errors = try #require(result.standardError as? Pipe).fileHandleForReading.readDataToEndOfFile()
        #expect(result.terminationStatus == 2)
        #expect(
            String(decoding: errors, as: UTF8.self).contains(sentence),
            "\(String(decoding: errors, as: UTF8.self))"
        )
    }

    @Test func validate() throws {
        let good = try Program.run("validate", "-", input: "services:\n- id: TCP 10.96.0.1:80\n")
        #expect(good.status == 0 && good.output.isEmpty && good.errors.isEmpty, "\(good.all)")
        let bad = try Program.run(
            "validate",
            "-",
            input: "services:\n- id: TCP 10.96.0.1:80\n  weight: 1\n- id: FWM 0\n"
        )
        #expect(bad.status == 1 && bad.output.isEmpty)
        #expect(
            bad.errors == """
                standard input:3: services[0].weight: there is no such field; there are id, scheduler, flags, persistence, persistenceEngine, realServers
                standard input:4: services[1].id: "FWM 0" is not a virtual server, such as TCP 10.96.0.1:80, UDP [fd00::1]:53 or FWM 7

                """
        )
        #expect(try Program.run("validate", "-", "--format", "ipvsadm", input: "").status == 1)
        #expect(try Program.run("validate", "-", "--format", "ipvsadm", input: "# none").status == 0)
        #expect(try Program.run("validate", "").errors == "\"\": No such file or directory\n")
        #expect(try Program.run("validate", "/nowhere").errors == "/nowhere: No such file or directory\n")
    }

    /// For diff, 1 means that the tables differ, so an error is 2.
    @Test func failures() throws {
        for (command, status) in [("apply", 1), ("diff", 2)] as [(String, Int32)] {
            let bad = try Program.run(command, "-", input: "services: 5")
            #expect(bad.status == status && bad.output.isEmpty)
            #expect(bad.errors == "standard input:1: services: must be a list, not 5\n")
            let missing = try Program.run(command, "-", "--netns", "/nowhere", input: "services: []")
            #expect(missing.status == status && missing.output.isEmpty)
            #expect(missing.errors == "ipvsctl: can't open IPVS: no network namespace /nowhere\n")
            let foreign = try Program.run(
                command,
                "-",
                "--own",
                "10.96.0.0/16",
                "--netns",
                "/nowhere",
                input: "services: [{id: 'TCP 10.96.0.1:80'}, {id: 'TCP 10.97.0.1:80'}, {id: FWM 7}]"
            )
            #expect(foreign.status == status && foreign.output.isEmpty)
            #expect(
                foreign.errors == """
                    ipvsctl: TCP 10.97.0.1:80 is in the file, but not in what --own says is yours
                    ipvsctl: FWM 7 is in the file, but not in what --own says is yours

                    """
            )
        }
        #expect(try Program.run("export", "--netns", "no-such").status == 1)
        let drain = try Program.run("drain", "tcp:10.96.0.1:80", "10.244.1.5:80", "--netns", "no-such")
        #expect(drain.status == 1)
        #expect(drain.errors == "ipvsctl: can't open IPVS: no network namespace /run/netns/no-such\n")
    }

    /// A table that was not completely written must not be taken for a complete one.
    @Test func outputThatIsLost() throws {
        let result = try TestProcess.run(["sh", "-c", "'\(Program.path)' help > /dev/full"])
        #expect(result.status == 1)
        #expect(result.stderr == "ipvsctl: can't write to standard output: No space left on device\n")
    }
}
