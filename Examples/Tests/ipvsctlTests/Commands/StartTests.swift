import IPVSTestKernel
import Testing

@testable import ipvsctl

/// What a program can be started with, without a kernel.
@Suite struct Starts {
    private func shell(_ script: String) throws -> TestProcess.Result {
        try TestProcess.run(["bash", "-c", script.replacing("PROGRAM", with: Program.path)])
    }

    @Test func noWords() throws {
        let result = try shell("exec -a '' PROGRAM")
        #expect(result.status == 2 && result.stdout.isEmpty)
        #expect(result.stderr == "error: the command line has no words, not even the name of the program\n")
    }

    @Test(arguments: ["help", "-h", "-v"]) func closedOutput(words: String) throws {
        let result = try shell("exec PROGRAM \(words) >&-")
        #expect(result.status == 1)
        #expect(result.stderr == "ipvsctl: can't write to standard output: Bad file descriptor\n")
    }

    @Test(arguments: ["validate", "diff", "apply"]) func closedInput(command: String) throws {
        let result = try shell("exec PROGRAM \(command) - <&-")
        #expect(result.status == (command == "diff" ? 2 : 1) && result.stdout.isEmpty)
        #expect(result.stderr == "standard input: Bad file descriptor\n")
    }

    /// With nowhere to report it, the status still says it.
    @Test func allClosed() throws {
        #expect(try shell("PROGRAM help <&- >&- 2>&-").status == 1)
        #expect(try shell("PROGRAM validate /nowhere <&- >&- 2>&-").status == 1)
    }

    @Test(
        arguments: [
            ("valdate x", "there is no subcommand \"valdate\"; did you mean validate?"),
            ("Apply", "there is no subcommand \"Apply\"; did you mean apply?"),
            ("help valdate", "there is no subcommand \"valdate\"; did you mean validate?"),
            (
                "nosuch",
                "there is no subcommand \"nosuch\"; there are export, validate, diff, apply, drain, top, help, and the commands of ipvsadm, such as -L"
            ),
            (
                "help nosuch",
                "there is no subcommand \"nosuch\"; there are export, validate, diff, apply, drain, top, help, and the commands of ipvsadm, such as -L"
            ),
            (
                "''",
                "there is no subcommand \"\"; there are export, validate, diff, apply, drain, top, help, and the commands of ipvsadm, such as -L"
            ),
        ]
    )
    func misspelledSubcommands(words: String, sentence: String) throws {
        let result = try shell("exec PROGRAM \(words)")
        #expect(result.status == 2 && result.stdout.isEmpty)
        #expect(result.stderr == "ipvsctl: \(sentence)\n")
    }

    /// Words of a command line are repeated, but not as they are.
    @Test(
        arguments: [
            "apply --WORD", "apply a WORD", "apply a --own WORD", "apply a --own=WORD", "apply a --format WORD", "WORD",
            "help WORD", "export --netns WORD", "drain WORD 1", "top --sort WORD", "top --count=WORD", "validate WORD",
            "-WORD",
            "--WORD", "-A -t WORD", "-A -t 10.0.0.1:80 -M WORD", "-A -f WORD", "-L WORD", "--netns WORD -L",
            "-a -t 10.0.0.1:80 -r WORD", "-A -t 10.0.0.1:80 -b WORD", "--start-daemon WORD",
        ]
    )
    func hostileWords(line: String) throws {
        let word = "$'x\\e]0;x\\a\\n\\u202ey'$(printf %100000s | tr ' ' z)"
        let result = try shell("exec PROGRAM \(line.replacing("WORD", with: word))")
        #expect(result.status != 0 && result.stdout.isEmpty && !result.stderr.isEmpty)
        #expect(!result.stderr.unicodeScalars.contains { $0 == "\u{1b}" || $0 == "\u{7}" || $0 == "\u{202e}" })
        #expect(result.stderr.split(separator: "\n").allSatisfy { $0.count <= 1_100 })
        #expect(result.stderr.count < 4_000)
    }
}

extension KernelTests {
    /// What a program can be started with, with a kernel.
    @Suite struct StartsWithAKernel {
        private func shell(_ script: String, in namespace: TestNamespace) throws -> Spawned {
            try Spawned.run(["/bin/bash", "-c", script.replacing("PROGRAM", with: Program.path)], in: namespace)
        }

        /// A command line is not taken for an empty one.
        @Test func withoutProcessFiles() throws {
            let namespace = try TestNamespace()
            func run(_ words: String) throws -> Spawned {
                try shell("exec unshare -m sh -c 'mount -t tmpfs none /proc; exec PROGRAM \(words)'", in: namespace)
            }
            #expect(try run("-A -t 10.96.0.1:80 -s rr") == Spawned(status: 0, output: "", complaint: ""))
            #expect(try run("-Sn").output == "-A -t 10.96.0.1:80 -s rr\n")
            #expect(try run("frobnicate").status == 2)
            // Subcommands are asynchronous, and Dispatch counts its threads there.
            for words in ["validate /nowhere", "export"] {
                let process = try run(words)
                #expect(process.status == 1)
                #expect(
                    process.complaint == "ipvsctl: no file system of processes is at /proc, which the program needs\n"
                )
            }
            let process = try run("--netns 1 -Ln")
            #expect(process.status == 1)
            #expect(
                process.complaint
                    == "ipvsctl: can't open IPVS: no file system of processes is at /proc, where network namespace /proc/1/ns/net would be\n"
            )
            let connections = try run("-Lnc")
            #expect(connections.status == 1)
            #expect(
                connections.complaint == "ipvsctl: can't list connections: no file system of processes is at /proc\n"
            )
            #expect(try run("-C") == Spawned(status: 0, output: "", complaint: ""))
            #expect(try run("-Sn").output.isEmpty)
        }

        @Test(arguments: ["-Sn", "-Ln", "-Lnc", "-Ln --json", "export", "top --count 1"])
        func closedOutput(words: String) throws {
            let namespace = try TestNamespace()
            try namespace.ipvsadm("-A -t 10.96.0.1:80 -s rr")
            let result = try shell("exec PROGRAM \(words) >&-", in: namespace)
            #expect(result.status == 1)
            #expect(result.complaint == "ipvsctl: can't write to standard output: Bad file descriptor\n")
        }

        @Test func closedInput() throws {
            let result = try shell("exec PROGRAM -R <&-", in: try TestNamespace())
            #expect(result.status == 1)
            #expect(result.complaint == "ipvsctl: can't read standard input: Bad file descriptor\n")
        }
    }
}
