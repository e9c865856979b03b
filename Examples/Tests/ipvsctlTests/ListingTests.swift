import Foundation
import Testing

@testable import IPVS
@testable import ipvsctl

@Suite struct ListingTests {
    @Test(
        arguments: [
            (0, "        0"), (99_999_999, " 99999999"), (100_000_000, "  100000K"), (999_999_999, "  999999K"),
            (1_000_000_000, "    1000M"), (99_999_999_999, "   99999M"), (100_000_000_000, "     100G"),
            (99_999_999_999_999, "   99999G"), (100_000_000_000_000, "     100T"), (.max, "18446744T"),
        ] as [(UInt64, String)]
    )
    func largeNumbersAreScaled(number: UInt64, text: String) {
        #expect(Compatible.Listing.scaled(number) == text)
    }

    private let real = RealServer(IPAddress(10, 1, 0, 1), 80, forwarding: .masquerade)

    private func listing(_ columns: Compatible.Format.Columns, isExact: Bool, isNumeric: Bool = true)
        -> Compatible.Listing
    {
        var format = Compatible.Format()
        format.columns = columns
        format.isExact = isExact
        format.isNumeric = isNumeric
        return Compatible.Listing(format, names: .fixed)
    }

    private func text(_ listing: Compatible.Listing, _ statistics: Statistics) -> String {
        let web = VirtualServer(.tcp(IPAddress(10, 0, 0, 1), 80), scheduler: .roundRobin)
        let status = RealServer.Status(
            server: real,
            activeConnections: 1,
            inactiveConnections: 2,
            persistentConnections: 3,
            statistics: statistics
        )
        return listing.lines(VirtualServer.Status(server: web, statistics: statistics), [status])
    }

    private var large: Statistics {
        var statistics = Statistics()
        statistics.connections = 123_456_789
        statistics.incomingPackets = 12_345_678_901
        statistics.outgoingPackets = 7
        statistics.incomingBytes = 123_456_789_012
        statistics.outgoingBytes = 123_456_789_012_345
        statistics.rates.connections = 123_456_789
        statistics.rates.incomingBytes = 12_345_678_901
        return statistics
    }

    @Test func statistics() {
        #expect(
            text(listing(.statistics, isExact: false), large) == """
                TCP  10.0.0.1:80                   123456K   12345M        7     123G     123T
                  -> 10.1.0.1:80                   123456K   12345M        7     123G     123T

                """
        )
        #expect(
            text(listing(.statistics, isExact: true), large) == """
                TCP  10.0.0.1:80                  123456789 12345678901        7 123456789012 123456789012345
                  -> 10.1.0.1:80                  123456789 12345678901        7 123456789012 123456789012345

                """
        )
    }

    /// For a real server's rates, ipvsadm scales only the bytes.
    @Test func rates() {
        #expect(
            text(listing(.rates, isExact: false), large) == """
                TCP  10.0.0.1:80                   123456K        0        0   12345M        0
                  -> 10.1.0.1:80                  123456789        0        0   12345M        0

                """
        )
    }

    @Test func names() {
        let six = VirtualServer(.tcp(IPAddress("fd00::1") ?? IPAddress(0, 0, 0, 0), 80), scheduler: .roundRobin)
        let one = VirtualServer(.tcp(IPAddress(10, 0, 0, 1), 80), scheduler: .roundRobin)
        let listing = listing(.connections, isExact: false, isNumeric: false)
        #expect(
            listing.lines(VirtualServer.Status(server: six, statistics: Statistics()), []) == "TCP  [six]:http rr\n"
        )
        #expect(listing.lines(VirtualServer.Status(server: one, statistics: Statistics()), []) == "TCP  one:http rr\n")
    }

    @Test func aLongNameIsCut() {
        var names = Compatible.Names.fixed
        names.host = { _ in String(repeating: "x", count: 80) }
        let listing = Compatible.Listing(Compatible.Format(), names: names)
        let text = text(listing, Statistics()).split(separator: "\n")
        #expect(text[0] == "TCP  " + String(repeating: "x", count: 28) + " rr")
        #expect(text[1].hasPrefix("  -> " + String(repeating: "x", count: 28) + " Masq "))
    }

    @Test func firewallMarksHaveNoSign() {
        let status = VirtualServer.Status(server: VirtualServer(.firewallMark(3_000_000_000, .ipv6)), statistics: large)
        #expect(listing(.connections, isExact: false).lines(status, []) == "FWM  3000000000 IPv6 wlc\n")
    }

    /// ipvsadm's listings from real kernels, and the lines that made the table.
    @Test(arguments: ["6.1", "6.12"]) func whatWasCaptured(kernel: String) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../../Tests/IPVSTests/Fixtures"
        )
        let file = folder.appending(path: "ipvsadm-linux-\(kernel).json")
        let capture = try JSONDecoder().decode(Capture.self, from: Data(contentsOf: file))
        let parser = Compatible.Parser(names: .none)
        var services: [VirtualServer.Identity: (server: VirtualServer, realServers: [Endpoint: RealServer])] = [:]
        var count = 0
        for exchange in capture.exchanges where exchange.status == 0 && exchange.command.hasPrefix("ipvsadm ") {
            let words = exchange.command.split(separator: " ").dropFirst().map(String.init)
            let command = try parser.parse(words).command
            switch command {
            case .add(let server): services[server.id] = (server, [:])
            case .edit(let server): services[server.id]?.server = server
            case .delete(let id): services[id] = nil
            case .addRealServer(let real, let id), .editRealServer(let real, let id):
                services[id]?.realServers[real.endpoint] = real
            case .deleteRealServer(let endpoint, let id): services[id]?.realServers[endpoint] = nil
            case .clear: services = [:]
            case .list(let subject, let format):
                guard subject == .table || exchange.command.contains(" -t ") || exchange.command.contains(" -f ") else {
                    break
                }
                let listing = Compatible.Listing(format, names: .none)
                var shown = Array(services.values)
                var text = listing.title
                if case .service(let id) = subject {
                    shown = shown.filter { $0.server.id == id }
                } else {
                    text = (exchange.stdout.split(separator: "\n").first ?? "") + "\n" + text
                }
                let statuses = shown.map { VirtualServer.Status(server: $0.server, statistics: Statistics()) }
                for status in Compatible.Order.sorted(statuses) {
                    let realServers = services[status.server.id]?.realServers.values.map { real in
                        RealServer.Status(
                            server: real,
                            activeConnections: 0,
                            inactiveConnections: 0,
                            persistentConnections: 0,
                            statistics: Statistics()
                        )
                    }
                    text += listing.lines(status, Compatible.Order.sorted(realServers ?? []))
                }
                #expect(text == exchange.stdout, "\(exchange.command)")
                count += 1
            default: break
            }
        }
        #expect(count >= 7)
    }

    private struct Capture: Decodable {
        let exchanges: [Exchange]

        struct Exchange: Decodable {
            let command: String
            let status: Int
            let stdout: String
        }
    }

    @Test(arguments: [
        ("a.example", true), ("b\u{fc}ro", true), ("\u{1b}[31mred", false), ("a\nb", false), ("\u{202e}x", false),
    ])
    func namesWithoutControlCharacters(_ name: String, isShown: Bool) {
        #expect(Compatible.Names.shown(name) == (isShown ? name : nil))
    }
}
