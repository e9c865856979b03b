import IPVS
import IPVSProxy
import Testing

@testable import IPVSProxyNFTables

/// The scripts for differences.
@Suite struct ScriptTests {
    @Test(arguments: [
        (PacketRules.Element(.clusterIP(tcp("10.96.0.1:80"))), "cluster-ips-4", "10.96.0.1 . tcp . 80"),
        (.init(.clusterIP(tcp("[fd00::a:0:1]:0"))), "cluster-ips-6", "fd00:0:0:0:0:a:0:1 . tcp . 0"),
        (
            .init(.external(.init(.udp, endpoint("255.255.255.255:65535")))), "external-4",
            "255.255.255.255 . udp . 65535"
        ),
        (.init(.external(.init(.sctp, endpoint("[::]:10")))), "external-6", "0:0:0:0:0:0:0:0 . sctp . 10"),
        (.init(.local(tcp("0.0.0.0:1"))), "local-4", "0.0.0.0 . tcp . 1"),
        (.init(.local(tcp("[::ffff:1.2.3.4]:1"))), "local-6", "0:0:0:0:0:ffff:102:304 . tcp . 1"),
        (.init(.unserved(tcp("1.2.3.4:100"))), "unserved-4", "1.2.3.4 . tcp . 100"),
        (.init(.refused(tcp("1.2.3.4:100"))), "refused-4", "1.2.3.4 . tcp . 100"),
        (.init(.refused(tcp("[::1]:1"))), "refused-6", "0:0:0:0:0:0:0:1 . tcp . 1"),
        (.init(.unserved(tcp("[fff0:1000:10::]:1"))), "unserved-6", "fff0:1000:10:0:0:0:0:0 . tcp . 1"),
        (
            .init(.redirect(tcp("192.0.2.1:80")), .endpoint(endpoint("10.96.0.1:8080"))), "redirects-4",
            "192.0.2.1 . tcp . 80 : 10.96.0.1 . 8080"
        ),
        (
            .init(.redirect(tcp("[2001:db8::1]:80")), .endpoint(endpoint("[fd00::1]:8080"))), "redirects-6",
            "2001:db8:0:0:0:0:0:1 . tcp . 80 : fd00:0:0:0:0:0:0:1 . 8080"
        ),
        (
            .init(.restricted(tcp("192.0.2.1:80")), .sourceRanges(web)), "restricted-4",
            "192.0.2.1 . tcp . 80 : jump source-ranges/default/web"
        ),
        (
            .init(.restricted(tcp("[2001:db8::1]:80")), .sourceRanges(web)), "restricted-6",
            "2001:db8:0:0:0:0:0:1 . tcp . 80 : jump source-ranges/default/web"
        ),
        (.init(.address(address("10.0.0.1"))), "addresses-4", "10.0.0.1"),
        (.init(.address(address("fd00::1"))), "addresses-6", "fd00:0:0:0:0:0:0:1"),
        (.init(.hairpin(address("10.0.0.1"))), "hairpins-4", "10.0.0.1 . 10.0.0.1"),
        (.init(.hairpin(address("fd00::1"))), "hairpins-6", "fd00:0:0:0:0:0:0:1 . fd00:0:0:0:0:0:0:1"),
        (.init(.healthCheckPort(30_000)), "health-check-ports", "30000"),
    ])
    func elements(element: PacketRules.Element, set: String, text: String) throws {
        let key = text.split(separator: " : ")[0]
        #expect(try scripts(.init(added: [element])) == [["add element inet t \(set) {", "\(text),", "}"]])
        #expect(try scripts(.init(removed: [element])) == [["delete element inet t \(set) {", "\(key),", "}"]])
    }

    @Test func nothing() throws { #expect(try scripts(.init()) == []) }

    @Test func fromScratch() throws {
        let lines = try scripts(PacketRules().difference(from: nil))
        #expect(lines.count == 1)
        let declarations = [
            "add table inet t", "delete table inet t", "add table inet t { comment \"a comment\"; }",
            "add set inet t cluster-ips-4 { type ipv4_addr . inet_proto . inet_service; }",
            "add set inet t external-4 { type ipv4_addr . inet_proto . inet_service; }",
            "add set inet t local-4 { type ipv4_addr . inet_proto . inet_service; }",
            "add map inet t redirects-4 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }",
            "add set inet t unserved-4 { type ipv4_addr . inet_proto . inet_service; }",
            "add set inet t refused-4 { type ipv4_addr . inet_proto . inet_service; }",
            "add map inet t restricted-4 { type ipv4_addr . inet_proto . inet_service : verdict; }",
            "add set inet t addresses-4 { type ipv4_addr; }",
            "add set inet t hairpins-4 { type ipv4_addr . ipv4_addr; }",
        ]
        #expect(lines.first?.prefix(12) == declarations[...])
        let others = declarations[3...].map { $0.replacing("-4", with: "-6").replacing("ipv4", with: "ipv6") }
        #expect(lines.first?[12..<21] == others[...])
        #expect(lines.first?[21] == "add set inet t health-check-ports { type inet_service; }")
        #expect(lines.first?[22] == "add chain inet t check-sources")
    }

    /// What others need comes before them, and what they needed goes after.
    @Test func order() throws {
        let (other, gone) = (ServicePortName(NamespacedName("", "b")), ServicePortName(NamespacedName("", "a")))
        let replaced = PacketRules.Key.restricted(tcp("192.0.2.1:80"))
        let difference = PacketRules.Difference(
            options: .init(),
            removed: [.init(replaced, .sourceRanges(gone)), .init(.healthCheckPort(1))],
            added: [.init(replaced, .sourceRanges(other)), .init(.healthCheckPort(2))],
            removedRanges: [gone],
            writtenRanges: [web: [block("10.0.0.0/8"), block("fd00::/8")], other: []]
        )
        let lines = try #require(try scripts(difference).first)
        let start = try #require(lines.firstIndex(of: "add chain inet t check-sources"))
        let end = try #require(lines.lastIndex { $0.contains("masquerade") })
        #expect(
            lines[..<start] + lines[(end + 1)...] == [
                "add chain inet t source-ranges//b", "flush chain inet t source-ranges//b",
                "add rule inet t source-ranges//b meta nfproto ipv4 drop",
                "add rule inet t source-ranges//b meta nfproto ipv6 drop",
                "add chain inet t source-ranges/default/web", "flush chain inet t source-ranges/default/web",
                "add rule inet t source-ranges/default/web ip saddr != 10.0.0.0/8 drop",
                "add rule inet t source-ranges/default/web ip6 saddr != fd00::/8 drop",
                "delete element inet t restricted-4 {", "192.0.2.1 . tcp . 80,", "}",
                "add element inet t restricted-4 {", "192.0.2.1 . tcp . 80 : jump source-ranges//b,", "}",
                "add element inet t health-check-ports {", "2,", "}",
                "delete element inet t health-check-ports {", "1,", "}",
                "delete chain inet t source-ranges//a",
            ]
        )
    }

    /// A large difference is several transactions: the elements first, and the program before what is removed.
    @Test func manyTransactions() throws {
        let limit = DifferenceWriter.limit
        let keys = (0..<UInt32(limit + 1)).map { PacketRules.Key.address(IPAddress(ipv4: $0)) }
        let elements = keys.map { PacketRules.Element($0) }
        let ports = [PacketRules.Element(.healthCheckPort(1))]
        let all = try scripts(
            .init(isFromScratch: true, options: .init(), removed: elements, added: ports + elements.reversed() + [])
        )
        #expect(all.count == 2, "what is removed and added is replaced")
        var difference = PacketRules.Difference(options: .init(), added: elements)
        #expect(try scripts(difference).count == 2)
        #expect(try scripts(difference)[0].contains { $0.hasPrefix("add chain inet t prerouting") } == false)
        difference = .init(options: .init(), removed: elements, added: ports)
        let parts = try scripts(difference)
        #expect(parts.map(\.count) == [parts[0].count, 4])
        #expect(parts[0][0] == "add element inet t health-check-ports {")
        let program = try #require(parts[0].firstIndex { $0.hasPrefix("add rule") })
        let removal = try #require(parts[0].firstIndex { $0.hasPrefix("delete element") })
        #expect(program < removal)
    }

    /// A former table is replaced at once by all that protects, and addresses come last: their ports would be refused.
    @Test func manyTransactionsFromScratch() throws {
        let limit = UInt32(DifferenceWriter.limit)
        let restricted = (1...limit).map {
            PacketRules.Element(.restricted(.init(.tcp, Endpoint(IPAddress(ipv4: $0), 80))), .sourceRanges(web))
        }
        var others: [PacketRules.Element] = [.init(.address(address("fd00::1"))), .init(.healthCheckPort(1))]
        for number in 1...limit {
            let destination = PacketRules.Destination(.tcp, Endpoint(IPAddress(ipv4: number), 80))
            others += [.init(.address(IPAddress(ipv4: number))), .init(.external(destination))]
        }
        others.append(.init(.refused(tcp("[fd00::1]:2"))))
        let difference = PacketRules.Difference(
            isFromScratch: true,
            options: .init(),
            added: others + restricted,
            writtenRanges: [web: [block("10.0.0.0/8")]]
        )
        let parts = try scripts(difference)
        let first = try #require(parts.first)
        #expect(first.starts(with: ["add table inet t", "delete table inet t"]))
        let marks = ["add rule inet t source-ranges/", "add element inet t restricted-4", "add rule inet t prerouting"]
        let places = marks.map { mark in first.firstIndex { $0.hasPrefix(mark) } ?? .max }
        #expect(places == places.sorted() && places.last != .max)
        #expect(first.count { $0.hasSuffix(" : jump source-ranges/default/web,") } == Int(limit))
        let later = parts.dropFirst().joined().filter { $0.hasPrefix("add") }
        let sets = [
            "refused-6", "external-4", "external-4", "health-check-ports", "addresses-4", "addresses-4", "addresses-6",
        ]
        #expect(later == sets.map { "add element inet t \($0) {" })
        #expect(parts.count == 4)
        // A small one is a single transaction.
        #expect(try scripts(.init(isFromScratch: true, options: .init(), added: Array(others.prefix(9)))).count == 1)
    }

    /// Many blocks are a set.
    @Test func manySourceRanges() {
        let blocks = (0..<65).map { IPAddress.Block(IPAddress(10, 0, 0, $0)) }
        #expect(SourceRanges.rules(blocks.dropLast()).count == 64 + 2)
        let rules = SourceRanges.rules(blocks)
        #expect(rules.count == 2 && rules[0].hasPrefix("ip saddr != { 10.0.0.0/32, 10.0.0.1/32, "))
    }

    @Test(arguments: [
        ([], ["meta nfproto ipv4 drop", "meta nfproto ipv6 drop"]),
        (["0.0.0.0/0"], ["meta nfproto ipv6 drop"]),
        (["::/0"], ["meta nfproto ipv4 drop"]),
        (["0.0.0.0/0", "::/0"], []),
        (
            ["fd00::/8", "192.0.2.7/32", "10.0.0.0/8"],
            [
                "ip saddr 10.0.0.0/8 return", "ip saddr 192.0.2.7/32 return", "meta nfproto ipv4 drop",
                "ip6 saddr != fd00::/8 drop",
            ]
        ),
        (["10.1.0.0/16", "10.0.0.0/8", "10.0.0.0/8"], ["ip saddr != 10.0.0.0/8 drop", "meta nfproto ipv6 drop"]),
    ])
    func sourceRanges(blocks: [String], rules: [String]) {
        #expect(SourceRanges.rules(blocks.compactMap { IPAddress.Block($0) }) == rules)
    }
}

/// The lines of the scripts for a difference, for a table "t".
private func scripts(_ difference: PacketRules.Difference) throws -> [[String]] {
    var scripts: [[String]] = []
    var writer = DifferenceWriter(Script(table: "t"), comment: "a comment") { (script) throws(PacketFilterError) in
        scripts.append(String(decoding: script.bytes, as: UTF8.self).split(separator: "\n").map(String.init))
    }
    #expect(try writer.write(difference).isEmpty)
    return scripts
}

private let web = ServicePortName(NamespacedName("default", "web"))
