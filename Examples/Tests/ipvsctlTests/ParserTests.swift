import IPVS
import IPVSTestKernel
import Testing

@testable import ipvsctl

@Suite struct ParserTests {
    private func command(_ line: String) throws -> Compatible.Command {
        try Compatible.Parser(names: .fixed).parse(line.split(separator: " ").map(String.init)).command
    }

    private func refusal(_ line: String) -> Compatible.UsageError? {
        #expect(throws: Compatible.UsageError.self, "\(line)") { _ = try command(line) }
    }

    @Test(arguments: ["-p", "-p -s rr", "--persistent", "-ps"]) func persistenceWithoutValue(option: String) throws {
        // Letters after -p are its value.
        guard option != "-ps" else {
            #expect(refusal("-A -t one:80 -ps")?.description.contains("\"s\"") == true)
            return
        }
        guard case .add(let server) = try command("-A -t one:80 \(option)") else { throw TestFailure("no -A") }
        #expect(server.persistence == Persistence(timeout: 360))
    }

    @Test(arguments: ["-p 300", "-p300", "-p=300", "--persistent 300", "--persistent=300"])
    func persistenceWithValue(option: String) throws {
        let server = VirtualServer(.tcp(IPAddress(10, 0, 0, 1), 80), persistence: Persistence(timeout: 300))
        #expect(try command("-A -t one:http \(option)") == .add(server))
        #expect(try command("-A \(option) -t one:http") == .add(server))
    }

    @Test func virtualServers() throws {
        let six = try #require(IPAddress("fd00::1"))
        #expect(
            try command("-At 10.0.0.1:80 -s sh -b sh-port,flag-3")
                == .add(
                    VirtualServer(
                        .tcp(IPAddress(10, 0, 0, 1), 80),
                        scheduler: .sourceHashing,
                        flags: [.shPort, .scheduler3]
                    )
                )
        )
        #expect(
            try command("--edit-service --udp-service=[fd00::1]:53 --ops")
                == .edit(
                    VirtualServer(.udp(six, 53), flags: .onePacket)
                )
        )
        #expect(
            try command("-A -f 8 -6 -p 9 -M 64 --pe sip")
                == .add(
                    VirtualServer(
                        .firewallMark(8, .ipv6),
                        persistence: Persistence(timeout: 9, mask: .prefixLength(64)),
                        persistenceEngine: .sip
                    )
                )
        )
        #expect(try command("-D --sctp-service 10.0.0.1") == .delete(.sctp(IPAddress(10, 0, 0, 1), 0)))
        #expect(try command("-Z -f 4294967295") == .zero(.firewallMark(.max)))
        #expect(try command("-Z") == .zero(nil))
    }

    @Test func realServers() throws {
        let web = VirtualServer.Identity.tcp(IPAddress(10, 0, 0, 1), 80)
        func real(_ port: UInt16, _ forwarding: ForwardingMethod) -> RealServer {
            RealServer(IPAddress(10, 1, 0, 1), port, forwarding: forwarding)
        }
        #expect(try command("-a -t one:http -r 10.1.0.1") == .addRealServer(real(80, .directRouting), web))
        #expect(try command("-a -t one:http -r 10.1.0.1:8080") == .addRealServer(real(80, .directRouting), web))
        #expect(try command("-a -t one:http -r 10.1.0.1:8080 -m") == .addRealServer(real(8080, .masquerade), web))
        #expect(try command("-a -r 10.1.0.1 -t one:http -m") == .addRealServer(real(80, .masquerade), web))
        let gue = "-e -t one:80 -r 10.1.0.1 -i --tun-type gue --tun-port 6080 --tun-remcsum"
        #expect(try command(gue) == .editRealServer(real(80, .tunnel(.gue(port: 6080, checksum: .remote))), web))
        #expect(try command("-d -t one:http -r 10.1.0.1:8080") == .deleteRealServer(real(8080, .local).endpoint, web))
    }

    @Test func listingsAndSettings() throws {
        var format = Compatible.Format()
        #expect(try command("") == .list(.table, format))
        format.isNumeric = true
        #expect(try command("-Ln") == .list(.table, format))
        #expect(try command("-Lnc") == .list(.connections, format))
        format.columns = .statistics
        format.isExact = true
        format.isSorted = false
        #expect(try command("-l -nX --rate --stats --nosort --sort") == .list(.table, format))
        #expect(try command("-S -n") == .save(numeric: true))
        #expect(try command("--set 0 60 0") == .setTimeouts(Timeouts(tcpFIN: 60)))
        #expect(try command("--stop-daemon=backup") == .stopDaemon(.backup))
        #expect(
            try command(
                "--start-daemon master --syncid 3 --mcast-group ff02::1 --mcast-ttl 4 --mcast-port 5 --sync-maxlen 6"
            )
                == .startDaemon(
                    SyncDaemon(
                        .master,
                        interface: "eth0",
                        syncID: 3,
                        maximumLength: 6,
                        group: IPAddress("ff02::1"),
                        port: 5,
                        timeToLive: 4
                    )
                )
        )
        #expect(try command("-h whatever --frob") == .help)
        #expect(try command("-v") == .version)
    }

    @Test func namespaces() throws {
        let expected: [(String, NetworkNamespace?)] = [
            ("-L", nil), ("-L --netns /run/x", .path("/run/x")), ("--netns=4711 -L", .process(4711)),
            ("--netns blue", .named("blue")),
        ]
        for (line, namespace) in expected {
            let words = line.split(separator: " ").map(String.init)
            #expect(try Compatible.Parser(names: .none).parse(words).namespace == namespace, "\(line)")
        }
    }

    @Test func refusalsAreSentences() {
        let expected = [
            "-A": "--add-service needs a virtual server (-t, -u, --sctp-service or -f)",
            "-a -t one:80": "--add-server needs a real server (-r)",
            "-A -t one:80 -u one:80": "--tcp-service and --udp-service exclude each other",
            "-A -t one:80 -s rr -s rr": "--scheduler is there twice",
            "-A -t one:80 -w 1": "--weight does not go with --add-service",
            "-A -t one": "only a persistent virtual server (-p) can have port 0, which is every port",
            "-A -t one:80 -o": "--ops is for UDP and firewall marks, not for TCP",
            "-A -t [fd00::1]:80 -p -M 255.255.255.0":
                "--netmask of an IPv6 virtual server is a length from 1 to 128, not \"255.255.255.0\"",
            "-A -f 0": "--fwmark-service is a number from 1 to 4294967295, not \"0\"",
            "-a -t one:80 -r [fd00::1]:80":
                "fd00::1 is IPv6, the virtual server IPv4: only a tunnel (-i) leads to another family",
            "-a -t one:80 -r one -i --tun-type gue": "a tunnel of type gue needs --tun-port",
            "-a -t one:80 -r one --tun-csum": "--tun-csum is for tunnels (-i) alone",
            "-L -c --stats": "--connection and --stats exclude each other",
            "--set 1 2": "--set needs three timeouts: tcp, tcpfin and udp",
            "-C word": "\"word\" belongs to no option",
            "-L -A": "--add-service is a command as --list is, and a line has but one",
            "-n": "a line begins with a command such as --list; --numeric is none",
            "--": "a line begins with a command such as --list",
            "-L --numeric=1": "--numeric takes no value",
            "--start-daemon x": "a sync daemon is \"master\" or \"backup\", not \"x\"",
        ]
        for (line, sentence) in expected { #expect(refusal(line)?.description == sentence, "\(line)") }
    }

    /// The kernel keeps it, and it affects the packets that real servers send first.
    @Test func anEngineNeedsNoPersistence() throws {
        let server = VirtualServer(.udp(IPAddress(10, 0, 0, 1), 5060), persistenceEngine: .sip)
        #expect(try command("-A -u 10.0.0.1:5060 --pe sip") == .add(server))
    }

    /// A mark is one character with what is before it.
    @Test(arguments: [["--scheduler=\u{301}a"], ["--scheduler", "\u{301}a"], ["-s=\u{301}a"]])
    func marks(words: [String]) throws {
        let parser = Compatible.Parser(names: .none, dialect: .commandLine)
        let command = try parser.parse(["-A", "-t", "10.0.0.1:80"] + words).command
        guard case .add(let server) = command else {
            Issue.record("\(command)")
            return
        }
        #expect(server.scheduler.rawValue == "\u{301}a")
    }
}
