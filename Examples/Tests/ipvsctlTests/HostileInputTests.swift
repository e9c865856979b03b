import Foundation
import IPVS
import IPVSTestKernel
import Testing

@testable import ipvsctl

extension KernelTests {
    /// What `-R` reads from others.
    @Suite struct HostileInput {
        let namespace: TestNamespace

        init() throws { namespace = try TestNamespace() }

        private func restore(_ input: String) throws -> Spawned {
            try Spawned.ipvsctl(["-R"], in: namespace, input: input)
        }

        private var saved: String { get throws { try Spawned.ipvsctl(["-Sn"], in: namespace).output } }

        @Test func aMarkAtTheStart() throws {
            let result = try restore("\u{feff}-A -t 10.96.0.1:80 -s rr\r\n-A -t 10.96.0.2:80 -s rr\r\n")
            #expect(result == Spawned(status: 0, output: "", complaint: ""))
            #expect(try saved == "-A -t 10.96.0.1:80 -s rr\n-A -t 10.96.0.2:80 -s rr\n")
        }

        @Test func aMarkElsewhere() throws {
            let result = try restore("-A -t 10.96.0.1:80 -s rr\n\u{feff}-A -t 10.96.0.2:80 -s rr\n")
            #expect(result.status == 1)
            #expect(
                result.complaint == """
                    ipvsctl: line 2: the line begins with a byte order mark; remove it
                    ipvsctl: the lines behind line 2 were not carried out

                    """
            )
        }

        @Test func sixteenBits() throws {
            let input = String(decoding: Array("-\u{0}C\u{0}\n\u{0}".utf8), as: UTF8.self)
            let result = try restore(input)
            #expect(result.status == 1)
            #expect(result.complaint == "ipvsctl: standard input is UTF-16; store it as UTF-8\n")
        }

        @Test func aCharacterThatEndsCStrings() throws {
            let result = try restore("-A -t 10.96.0.1:80\u{0}90 -s rr\n")
            #expect(result.status == 1 && result.complaint.contains("line 1: the line has a NUL character"))
            #expect(try saved.isEmpty)
        }

        /// A line is refused before all of it is in memory.
        @Test func aLineWithoutAnEnd() throws {
            let result = try Spawned.run(
                ["/bin/bash", "-c", "yes | tr -d '\\n' | '\(Program.path)' -R; exit ${PIPESTATUS[2]}"],
                in: namespace
            )
            #expect(result.status == 1)
            #expect(result.complaint.hasPrefix("ipvsctl: line 1: the line has more than 65536 bytes\n"))
        }

        @Test func aListing() throws {
            try namespace.ipvsadm("-A -t 10.96.0.1:80 -s rr")
            let result = try restore(try Spawned.ipvsctl(["-Ln"], in: namespace).output)
            #expect(result.status == 1)
            #expect(
                result.complaint == """
                    ipvsctl: line 1: the line looks like one of a listing (-L); ipvsadm -S and ipvsctl -S write tables
                    ipvsctl: the lines behind line 1 were not carried out

                    """
            )
        }

        /// The first errors are reported, and all lines are carried out.
        @Test func manyErrors() throws {
            let lines = (0..<1_000).map { _ in "-D -t 10.96.0.9:80" } + ["-A -t 10.96.0.1:80 -s rr"]
            let result = try restore(lines.joined(separator: "\n"))
            let complaints = result.complaint.split(separator: "\n")
            #expect(result.status == 1 && complaints.count == 21)
            #expect(
                complaints.first
                    == "ipvsctl: line 1: can't delete virtual server TCP 10.96.0.9:80: no such virtual server"
            )
            #expect(complaints.last == "ipvsctl: and 980 more errors")
            #expect(try saved == "-A -t 10.96.0.1:80 -s rr\n")
        }

        /// A port that the method replaces is explained where it misleads.
        @Test func anotherPort() throws {
            try namespace.ipvsadm("-A -t 10.96.0.1:80 -s rr")
            try namespace.ipvsadm("-a -t 10.96.0.1:80 -r 10.0.0.1:8080 -m -w 5")
            let line = ["-t", "10.96.0.1:80", "-r", "10.0.0.1:8080", "-w", "7"]
            let result = try Spawned.ipvsctl(["-e"] + line, in: namespace)
            #expect(result.status == 1)
            #expect(
                result.complaint
                    == "ipvsctl: can't update real server 10.0.0.1:80 of TCP 10.96.0.1:80: no such real server; not port 8080, as without -m the method is -g, which has the virtual server's port\n"
            )
            #expect(
                try Spawned.ipvsctl(["-e", "-i"] + line, in: namespace).complaint.hasSuffix(
                    "as the method is -i, which has the virtual server's port\n"
                )
            )
            #expect(try Spawned.ipvsctl(["-e", "-m"] + line, in: namespace).hasSucceeded)
        }

        /// A file that a failed save has left deletes nothing.
        @Test(arguments: ["", "\n \n"]) func nothing(text: String) throws {
            try namespace.ipvsadm("-A -t 10.96.0.1:80 -s rr")
            for suffix in [".rules", ".yaml", ".json", ""] {
                let file = try TemporaryFile(text, suffix: suffix)
                #expect(try Spawned.ipvsctl(["apply", file.path], in: namespace).status == 1)
                #expect(try Spawned.ipvsctl(["diff", file.path], in: namespace).status == 2)
            }
            #expect(try restore(text) == Spawned(status: 0, output: "", complaint: ""))
            #expect(try saved == "-A -t 10.96.0.1:80 -s rr\n")
            let other = try TestNamespace()
            let empty = try Spawned.ipvsctl(["export", "--format", "ipvsadm"], in: other).output
            #expect(empty == "# no virtual servers\n")
            let file = try TemporaryFile(empty)
            #expect(try Spawned.ipvsctl(["apply", file.path], in: namespace).hasSucceeded)
            #expect(try saved.isEmpty)
        }
    }
}
