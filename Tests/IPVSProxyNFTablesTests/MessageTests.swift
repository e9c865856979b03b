import IPVSProxy
import Netlink
import Testing

@testable import IPVSProxyNFTables

/// What libnftables and the kernel say about errors.
@Suite struct MessageTests {
    @Test(arguments: [
        (
            """
            /proc/self/fd/7:6:1-8: Error: Could not process rule: No such file or directory
            10.0.0.2,
            ^^^^^^^^
            """, #""10.0.0.2": No such file or directory"#
        ),
        (
            """
            /proc/self/fd/7:6:1-9: Error: Could not process rule: No such file or directory
            10.0.0.2,
            ^^^^^^^^^
            /proc/self/fd/7:7:1-9: Error: Could not process rule: File exists
            10.0.0.3,
            ^^^^^^^^^
            """, #""10.0.0.2": No such file or directory"#
        ),
        (
            """
            /dev/stdin:1:5-9: Error: syntax error, unexpected '}', expecting newline or semicolon
            add chain x
                ^^^^^
            """, #""chain": syntax error, unexpected '}', expecting newline or semicolon"#
        ),
        // A script in memory: the line is always the first one.
        (
            """
            Error: Could not process rule: Operation not supported
            add table inet t
                                                ^^^^^^^^
            """, "Operation not supported"
        ),
        (
            "netlink: Error: cache initialization failed: Operation not permitted\n",
            "cache initialization failed: Operation not permitted"
        ),
        ("something else\nand more", "something else"), ("", "no reason given"),
        ("x:1:2-3: Error: Could not process rule: Busy\nshort\n              ^^^", #""short": Busy"#),
        ("x:1:2-3: Error: \u{1b}[1m\n", "\\u{1b}[1m"),
    ])
    func messages(text: String, description: String) {
        #expect(LibraryMessage(text).description == description)
    }

    @Test func longLines() {
        let line = String(repeating: "x", count: 100_000)
        let marks = String(repeating: "^", count: 100_000)
        let text = LibraryMessage("a:1:1-9: Error: Could not process rule: Busy\n\(line)\n\(marks)\n").description
        #expect(text.hasSuffix("x…\": Busy") && text.utf8.count < 200)
    }

    @Test func refusals() {
        let denied = PacketFilterError("x", refused: "Error: Could not process rule: Operation not permitted\n")
        #expect(denied.code == .permissionDenied && denied.description == "can't x: \(PacketFilterError.notPermitted)")
        let refused = PacketFilterError("x", refused: "a:1:1-2: Error: Could not process rule: Busy\ny;\n^^\n")
        #expect(refused.code == .refused && refused.description == "can't x: refused \"y;\": Busy")
    }

    @Test func failures() {
        let system = NetlinkConnection.Failure.system(SystemError(errno: EMFILE, call: .socket))
        for (failure, description) in [
            (system, "can't x: Too many open files"), (.answerLost, "can't x: the kernel's answer was lost"),
            (.interrupted, "can't x: other programs change rules all the time"),
            (
                .malformed(.init(attribute: "NFTA_GEN_ID", problem: "is missing")),
                "can't x: the kernel's reply can't be understood: NFTA_GEN_ID is missing"
            ),
        ] {
            let error = PacketFilterError("x", failure)
            #expect(error.code == .other && error.description == description)
        }
    }

    @Test func opening() {
        var error = PacketFilterError(opening: nil, SystemError(errno: EPROTONOSUPPORT, call: .socket))
        #expect(error.code == .unavailable && error.description.contains("modprobe nf_tables"))
        error = PacketFilterError(opening: "/run/netns/x", SystemError(errno: EPERM, call: .enterNamespace))
        #expect(error.code == .permissionDenied)
        error = PacketFilterError(opening: nil, SystemError(errno: EMFILE, call: .socket))
        #expect(error.code == .other && error.description == "can't open the packet filter: Too many open files")
    }
}
