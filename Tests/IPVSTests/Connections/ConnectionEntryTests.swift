import Testing

@testable import IPVS

@Suite("Connection entries")
struct ConnectionEntryTests {
    private static let groups = "0000:0000:0000:0000:0000:0000:0000:0001"

    /// Lines of the kernel, from Linux 6.1 unless noted, and their meaning.
    static let rows: [(line: String, entry: ConnectionEntry)] = [
        (
            "TCP 7F000001 B3AE 7F000009 0050 7F000001 1F90 ESTABLISHED     899",
            ConnectionEntry(
                .tcp,
                client: Endpoint(IPAddress(127, 0, 0, 1), 45_998),
                virtualServer: Endpoint(IPAddress(127, 0, 0, 9), 80),
                realServer: Endpoint(IPAddress(127, 0, 0, 1), 8080),
                state: .established,
                secondsLeft: 899
            )
        ),
        (
            "TCP fd00:0000:0000:0000:0000:0000:0000:0001 C34A fd00:0000:0000:0000:0000:0000:0000:0001 0051 "
                + "\(groups) 0051 CLOSE             9",
            ConnectionEntry(
                .tcp,
                client: endpoint("[fd00::1]:49994"),
                virtualServer: endpoint("[fd00::1]:81"),
                realServer: endpoint("[::1]:81"),
                state: .close,
                secondsLeft: 9
            )
        ),
        (
            "TCP 7F000001 0000 7F000009 0050 7F000001 1F90 ASSURED         299",
            ConnectionEntry(
                .tcp,
                client: endpoint("127.0.0.1:0"),
                virtualServer: endpoint("127.0.0.9:80"),
                realServer: endpoint("127.0.0.1:8080"),
                state: .assured,
                secondsLeft: 299
            )
        ),
        (
            "UDP 7F000001 0000 7F000009 13C4 7F000001 13C5 NONE             99 sip a84b4c76e66710@pc33.example",
            ConnectionEntry(
                .udp,
                client: endpoint("127.0.0.1:0"),
                virtualServer: endpoint("127.0.0.9:5060"),
                realServer: endpoint("127.0.0.1:5061"),
                state: .none,
                secondsLeft: 99,
                persistence: .init(engine: .sip, data: "a84b4c76e66710@pc33.example")
            )
        ),
        (
            "IP  7F000001 0000 80000007 0000 7F000001 0000 NONE             59",
            ConnectionEntry(
                TransportProtocol(rawValue: 0),
                client: endpoint("127.0.0.1:0"),
                virtualServer: endpoint("128.0.0.7:0"),
                realServer: endpoint("127.0.0.1:0"),
                state: .none,
                secondsLeft: 59
            )
        ),
        (
            "IP  fd00:0000:0000:0000:0000:0000:0000:0001 0000 0000:0007:0000:0000:0000:0000:0000:0000 0000 "
                + "\(groups) 0000 NONE             59",
            ConnectionEntry(
                TransportProtocol(rawValue: 0),
                client: endpoint("[fd00::1]:0"),
                virtualServer: endpoint("[0:7::]:0"),
                realServer: endpoint("[::1]:0"),
                state: .none,
                secondsLeft: 59
            )
        ),
        // A real server of the other address family, reached through a tunnel.
        (
            "UDP \(groups) 0035 \(groups) 0035 0A000001 0035 UDP             300",
            ConnectionEntry(
                .udp,
                client: endpoint("[::1]:53"),
                virtualServer: endpoint("[::1]:53"),
                realServer: endpoint("10.0.0.1:53"),
                state: .udp,
                secondsLeft: 300
            )
        ),
        // Protocols without a name, states that are not names, and times of seven digits or more.
        (
            "IP_50 0A000001 0000 0A000002 0000 0A000003 0000 ERR!        1234567",
            ConnectionEntry(
                TransportProtocol(rawValue: 50),
                client: endpoint("10.0.0.1:0"),
                virtualServer: endpoint("10.0.0.2:0"),
                realServer: endpoint("10.0.0.3:0"),
                state: .init(rawValue: "ERR!"),
                secondsLeft: 1_234_567
            )
        ),
        (
            "SCTP 0A000001 FFFF 0A000002 0001 FFFFFFFF 000A SHUTDOWN_ACK_SENT 4294967295",
            ConnectionEntry(
                .sctp,
                client: endpoint("10.0.0.1:65535"),
                virtualServer: endpoint("10.0.0.2:1"),
                realServer: endpoint("255.255.255.255:10"),
                state: .init(rawValue: "SHUTDOWN_ACK_SENT"),
                secondsLeft: .max
            )
        ),
        // Kernels before 4.4 print this for an entry that expired half a second ago.
        (
            "TCP 0A000001 0001 0A000002 0001 0A000003 0001 FIN_WAIT    73786976294838206",
            ConnectionEntry(
                .tcp,
                client: endpoint("10.0.0.1:1"),
                virtualServer: endpoint("10.0.0.2:1"),
                realServer: endpoint("10.0.0.3:1"),
                state: .finWait,
                secondsLeft: 0
            )
        ),
    ]

    static func endpoint(_ text: String) -> Endpoint {
        guard let endpoint = Endpoint(text) else { fatalError(text) }
        return endpoint
    }

    @Test("Lines of either family, of templates, firewall marks and persistence engines", arguments: rows.indices)
    func lines(index: Int) throws {
        let row = Self.rows[index]
        #expect(try ConnectionEntry(text: row.line) == row.entry)
    }

    @Test("The sync list has the origin and no persistence engine")
    func origins() throws {
        let line = "TCP 7F000001 B3AE 7F000009 0050 7F000001 1F90 ESTABLISHED"
        var entry = Self.rows[0].entry
        entry.origin = .local
        #expect(try ConnectionEntry(text: line + " LOCAL      899", .origin) == entry)
        entry.origin = .synchronized
        #expect(try ConnectionEntry(text: line + " SYNC       899", .origin) == entry)
    }

    @Test("Templates are recognized, and so are firewall marks")
    func templates() {
        let entries = Self.rows.map(\.entry)
        #expect(entries.map(\.isTemplate) == [false, false, true, true, true, true, false, false, false, false])
        #expect(entries.map(\.firewallMark) == [nil, nil, nil, nil, 0x8000_0007, 7, nil, nil, nil, nil])
        // The data connection that FTP has announced.
        var expected = entries[2]
        expected.state = .listen
        #expect(!expected.isTemplate)
    }

    @Test("The data of a persistence engine is the rest of the line")
    func data() throws {
        let start = "UDP 7F000001 0000 7F000009 13C4 7F000001 13C5 NONE             99 sip"
        for data in ["", " ", "a b  c ", "é", "\u{FFFD}", String(repeating: "x", count: 255)] {
            #expect(try ConnectionEntry(text: "\(start) \(data)").persistence == .init(engine: .sip, data: data))
        }
        let damaged = try ConnectionEntry(bytes: Array("\(start) a".utf8) + [0xff, 0xc3])
        #expect(damaged.persistence?.data == "a\u{FFFD}\u{FFFD}")
    }

    @Test(
        "An error names the first fault of a malformed line",
        arguments: [
            ("", "the protocol is missing"),
            ("TCQ", "the protocol is \"TCQ\""),
            ("IP_x", "the protocol is \"IP_x\""),
            ("IP_65536", "the protocol is \"IP_65536\""),
            ("TCP", "the client's address is missing"),
            ("TCP 7F00001", "the client's address is \"7F00001\""),
            ("TCP 7F0000001", "the client's address is \"7F0000001\""),
            ("TCP 7F00000G", "the client's address is \"7F00000G\""),
            ("TCP 0000:0000:0000:0000:0000:0000:0000:000", "\"0000:0000:0000:0000:0000:0000:0000:000\""),
            ("TCP 0000:0000:0000:0000:0000:0000:0000-0001", "\"0000:0000:0000:0000:0000:0000:0000-0001\""),
            ("TCP 7F000001", "the client's port is missing"),
            ("TCP 7F000001 050", "the client's port is \"050\""),
            ("TCP 7F000001 00050", "the client's port is \"00050\""),
            ("TCP 7F000001 0050", "the virtual server's address is missing"),
            ("TCP 7F000001 0050 7F000001 x", "the virtual server's port is \"x\""),
            ("TCP 7F000001 0050 7F000001 0050 ?", "the real server's address is \"?\""),
            ("TCP 7F000001 0050 7F000001 0050 7F000001 0050", "the state is missing"),
            ("TCP 7F000001 0050 7F000001 0050 7F000001 0050 NONE", "the expiry is missing"),
            ("TCP 7F000001 0050 7F000001 0050 7F000001 0050 NONE -1", "the expiry is \"-1\""),
            ("TCP 7F000001 0050 7F000001 0050 7F000001 0050 NONE 1 ", "something follows the expiry: \"\""),
        ]
    )
    func malformed(line: String, problem: String) throws {
        let error = try #require(throws: MalformedLine.self) { try ConnectionEntry(text: line) }
        #expect(error.problem.hasSuffix(problem), "\(error.problem)")
    }

    @Test("In the sync list nothing follows the expiry except the origin, which is one of two")
    func malformedOrigin() {
        let start = "TCP 7F000001 0050 7F000001 0050 7F000001 0050 NONE"
        for (rest, problem) in [
            ("", "the origin is missing"), (" 1", "the origin is \"1\""),
            (" LOCAL 1 sip x", "something follows the expiry: \"sip x\""),
        ] {
            #expect(throws: MalformedLine(problem: problem)) { try ConnectionEntry(text: start + rest, .origin) }
        }
    }

    @Test("Entries are coded as their usual text forms, and decoded again")
    func coding() throws {
        for row in Self.rows { #expect(try decode(json(row.entry), as: ConnectionEntry.self) == row.entry) }
        let expected =
            #"{"client":"127.0.0.1:0","persistence":{"data":"a84b4c76e66710@pc33.example","engine":"sip"},"#
            + #""realServer":"127.0.0.1:5061","secondsLeft":99,"state":"NONE","transport":"UDP","#
            + #""virtualServer":"127.0.0.9:5060"}"#
        #expect(try json(Self.rows[3].entry) == expected)
    }
}

extension ConnectionEntry {
    init(text: String, _ detail: ConnectionEntries.Detail = .persistence) throws(MalformedLine) {
        try self.init(bytes: Array(text.utf8), detail)
    }

    init(bytes: [UInt8], _ detail: ConnectionEntries.Detail = .persistence) throws(MalformedLine) {
        try self.init(bytes.span, detail)
    }
}
