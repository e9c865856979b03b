import ArgumentParser
import Common
import IPVS
import Testing

@testable import ipvsctl

@Suite("Arguments of subcommands")
struct ArgumentTests {
    @Test func theFirstWordDecides() {
        for words in [["apply"], ["help"], ["top", "-h"], ["drain", "-A"], ["--generate-completion-script", "zsh"]] {
            #expect(IPVSCtl.takes(words), "\(words)")
        }
        for words in [[], ["-L"], ["-Ln", "apply"], ["--help"], ["Apply"], ["appl"], [""], ["-h"]] {
            #expect(!IPVSCtl.takes(words), "\(words)")
        }
    }

    @Test func namespaces() throws {
        #expect(try NetworkNamespace(argument: "4711") == .process(4711))
        #expect(try NetworkNamespace(argument: "blue") == .named("blue"))
        #expect(try NetworkNamespace(argument: "/proc/7/ns/net") == .path("/proc/7/ns/net"))
        #expect(try NetworkNamespace(argument: "./7") == .path("./7"))
        #expect(throws: ValidationError.self) { try NetworkNamespace(argument: "") }
        #expect(throws: ValidationError.self) { try NetworkNamespace(argument: "99999999999") }
    }

    @Test func durations() throws {
        for (text, duration) in [
            ("0", .zero), ("90", .seconds(90)), ("500ms", .milliseconds(500)), ("30s", .seconds(30)),
            ("5m", .seconds(300)),
            ("1h", .seconds(3600)),
        ] as [(String, Duration)] {
            #expect(try Duration(argument: text) == duration)
        }
        for text in [
            "", "s", "-1", "+1", "1.5", "1 s", "5M", "1d", "٣", "5ms5", "9999999999", "99999999999999999999999h",
        ] {
            #expect(throws: ValidationError.self, "\(text)") { try Duration(argument: text) }
        }
    }

    @Test(
        arguments: [
            ("TCP 10.96.0.1:80", "TCP 10.96.0.1:80"), ("tcp:10.96.0.1:80", "TCP 10.96.0.1:80"),
            ("udp:[fd00::1]:53", "UDP [fd00::1]:53"), ("Sctp:10.0.0.1:0", "SCTP 10.0.0.1:0"),
            ("47:10.0.0.1:0", "47 10.0.0.1:0"),
            ("fwm:7", "FWM 7"), ("fwm 7 ipv6", "FWM 7 IPv6"), ("FWM:7:IPv6", "FWM 7 IPv6"),
        ]
    )
    func services(_ text: String, _ id: String) throws {
        #expect(try VirtualServer.Identity(argument: text).description == id)
    }

    @Test(
        arguments: [
            "", "tcp", "10.96.0.1:80", "tcp:10.96.0.1", "fwm", "fwm:", "fwm:0", "fwm:7:ipv5", "[fd00::1]:53",
            ":",
        ]
    )
    func noServices(_ text: String) {
        #expect(throws: ValidationError.self) { try VirtualServer.Identity(argument: text) }
    }

    @Test func ownership() throws {
        let mark = VirtualServer.Identity.firewallMark
        let (inside, outside) = (IPAddress(10, 96, 200, 1), IPAddress(10, 97, 0, 1))
        let six = try #require(IPAddress("fd00:96::1"))
        func owns(_ arguments: [String], _ id: VirtualServer.Identity) throws -> Bool {
            try OwnershipOption.parse(arguments.flatMap { ["--own", $0] }).owns(id)
        }
        for id in [.tcp(outside, 80), .udp(six, 53), mark(7, .ipv6)] { #expect(try owns([], id)) }
        #expect(try owns(["10.96.0.0/16"], .udp(inside, 53)))
        #expect(try !owns(["10.96.0.0/16"], .tcp(outside, 80)))
        #expect(try !owns(["10.96.0.0/16", "0.0.0.0/0"], .tcp(six, 80)))
        #expect(try owns(["10.96.0.0/16", "fd00:96::/32"], .tcp(six, 80)))
        #expect(try owns(["10.97.0.1"], .tcp(outside, 80)))
        #expect(try owns(["10.96.0.5/16"], .tcp(inside, 80)) && !owns(["10.96.0.5/16"], .tcp(outside, 80)))
        #expect(try !owns(["0.0.0.0/0", "::/0"], mark(7, .ipv4)))
        #expect(try owns(["fwm"], mark(.max, .ipv6)) && !owns(["FWM"], .tcp(inside, 80)))
        #expect(try owns(["fwm:7"], mark(7, .ipv6)) && !owns(["fwm:7"], mark(8, .ipv4)))
        #expect(try owns(["fwm:7-9", "10.96.0.0/16"], mark(9, .ipv4)) && !owns(["fwm:7-9"], mark(10, .ipv4)))
    }

    @Test(
        arguments: [
            "", "10.96.0.0/33", "10.96.0.0/16,10.97.0.0/16", "fwm:", "fwm:0", "fwm:9-7", "fwm:1-2-3",
            "fwm:-7", "fwm:x",
            "table.json",
        ]
    )
    func noOwnership(_ text: String) {
        #expect(throws: ValidationError.self) { try Ownership(argument: text) }
    }

    @Test func colours() {
        #expect(Console.isColoured(isTerminal: true, ["TERM": "xterm"]))
        #expect(Console.isColoured(isTerminal: true, ["NO_COLOR": ""]))
        #expect(!Console.isColoured(isTerminal: true, ["TERM": "xterm", "NO_COLOR": "1"]))
        #expect(!Console.isColoured(isTerminal: true, ["TERM": "dumb"]))
        #expect(!Console.isColoured(isTerminal: false, ["TERM": "xterm"]))
        #expect(Console.coloured("  a\n- b\n+ c") == "  a\n\u{1b}[31m- b\u{1b}[0m\n\u{1b}[32m+ c\u{1b}[0m")
    }

    /// Real servers that are removed from a table are drained, and stay until then.
    @Test func leaving() throws {
        func real(_ host: UInt8) -> RealServer {
            RealServer(IPAddress(10, 244, 0, host), 80, forwarding: .masquerade, weight: 3)
        }
        let ids = (1...3).map { VirtualServer.Identity.tcp(IPAddress(10, 96, 0, $0), 80) }
        let foreign = VirtualServer.Identity.firewallMark(7)
        let current = try Table([
            Table.Entry(VirtualServer(ids[0]), realServers: [real(1), real(2)]),
            Table.Entry(VirtualServer(ids[1]), realServers: [real(3)]),
            Table.Entry(VirtualServer(foreign), realServers: [real(4)]),
        ])
        let desired = try Table([
            Table.Entry(VirtualServer(ids[0], scheduler: .roundRobin), realServers: [real(2), real(5)]),
            Table.Entry(VirtualServer(ids[2])),
        ])
        let leaving = Leaving(from: current, to: desired) { $0 != foreign }
        #expect(
            leaving.targets == [Drain.Target(real(1).endpoint, of: ids[0]), Drain.Target(real(3).endpoint, of: ids[1])]
        )
        #expect(
            leaving.kept
                == (try Table([
                    Table.Entry(
                        VirtualServer(ids[0], scheduler: .roundRobin),
                        realServers: [real(1), real(2), real(5)]
                    ),
                    Table.Entry(VirtualServer(ids[1]), realServers: [real(3)]),
                    Table.Entry(VirtualServer(ids[2])),
                ]))
        )
    }
}
