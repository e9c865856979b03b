import IPVS
import IPVSProxy
import Testing

@testable import IPVSProxyNFTables

/// The fixed part of the rules, for each option.
@Suite struct ProgramTests {
    private func chain(_ name: String, _ change: (inout PacketRules.Options) -> Void = { _ in }) -> [String] {
        var options = PacketRules.Options()
        change(&options)
        return Program(options).chains.first { $0.name == name }?.rules ?? []
    }

    private let key4 = "ip daddr . meta l4proto . th dport"
    private let key6 = "ip6 daddr . meta l4proto . th dport"
    private let mark = "meta mark set meta mark | 16384"
    private let start = [
        "meta l4proto != { tcp, udp, sctp } accept", "jump check-sources", "ct state != new accept",
        "ct status confirmed accept",
    ]

    private var external: [String] { ["\(key4) @external-4 \(mark) accept", "\(key6) @external-6 \(mark) accept"] }

    @Test func prerouting() {
        #expect(chain("prerouting") == start + external)
        #expect(chain("prerouting") { $0.pods = .sources([]) } == start + external)
        #expect(
            chain("prerouting") { $0.pods = .bridge("cni0") } == start + external + [
                "iifname != \"cni0\" \(key4) @cluster-ips-4 \(mark)",
                "iifname != \"cni0\" \(key6) @cluster-ips-6 \(mark)",
            ]
        )
        #expect(
            chain("prerouting") { $0.pods = .interfacePrefix("veth") } == start + external + [
                "iifname != \"veth*\" \(key4) @cluster-ips-4 \(mark)",
                "iifname != \"veth*\" \(key6) @cluster-ips-6 \(mark)",
            ]
        )
        #expect(
            chain("prerouting") {
                $0.pods = .sources(["10.244.0.0/16", "10.0.0.0/9"].compactMap { IPAddress.Block($0) })
            }
                == start + external + ["ip saddr != { 10.0.0.0/9, 10.244.0.0/16 } \(key4) @cluster-ips-4 \(mark)"]
        )
        // Nobody is a stranger.
        #expect(chain("prerouting") { $0.pods = .sources([block("::/0")]) } == start + external)
    }

    @Test func masqueradingAll() {
        #expect(
            chain("prerouting") { $0.masqueradesAll = true } == start + external + [
                "\(key4) @cluster-ips-4 \(mark)", "\(key6) @cluster-ips-6 \(mark)",
            ]
        )
        let rules = chain("prerouting") {
            $0.masqueradesAll = true
            $0.pods = .sources([block("10.244.0.0/16"), block("::/0")])
        }
        #expect(
            rules == start + external + [
                "\(key4) @cluster-ips-4 \(mark)", "ip saddr 10.244.0.0/16 \(key4) @local-4 \(mark)",
                "\(key6) @cluster-ips-6 \(mark)", "\(key6) @local-6 \(mark)",
            ]
        )
    }

    @Test(arguments: [(UInt8(0), "1", "4294967294"), (31, "2147483648", "2147483647"), (14, "16384", "4294950911")])
    func bits(bit: UInt8, mask: String, others: String) {
        let output = chain("output") { $0.masqueradeBit = bit }
        #expect(output.count == 12)
        #expect(output[4..<6] == ["\(key4) @refused-4 goto refuse", "\(key6) @refused-6 goto refuse"])
        for rule in output[6...] { #expect(rule.hasSuffix("meta mark set meta mark | \(mask)")) }
        #expect(
            chain("nat-postrouting") { $0.masqueradeBit = bit } == [
                "meta mark & \(mask) != 0 meta mark set meta mark & \(others) masquerade fully-random",
                "oifname != \"lo\" ip saddr . ip daddr @hairpins-4 masquerade fully-random",
                "oifname != \"lo\" ip6 saddr . ip6 daddr @hairpins-6 masquerade fully-random",
            ]
        )
    }

    @Test func redirects() {
        let protocols = "meta l4proto { tcp, udp, sctp }"
        let dnat = [
            "\(protocols) dnat ip to \(key4) map @redirects-4", "\(protocols) dnat ip6 to \(key6) map @redirects-6",
        ]
        #expect(chain("nat-output") == dnat)
        #expect(chain("nat-prerouting") == [])
        #expect(chain("nat-prerouting") { $0.pods = .bridge("cni0") } == dnat.map { "iifname \"cni0\" \($0)" })
        let rules = chain("nat-prerouting") { $0.pods = .sources([block("fd00::/8")]) }
        #expect(rules == ["ip6 saddr fd00::/8 \(dnat[1])"])
    }

    @Test func input() {
        #expect(
            chain("input") == [
                start[0], start[2], "\(key4) @unserved-4 drop", "\(key6) @unserved-6 drop",
                "\(key4) @refused-4 goto refuse", "\(key6) @refused-6 goto refuse",
                "ip daddr @addresses-4 jump services-4", "ip6 daddr @addresses-6 jump services-6",
            ]
        )
        #expect(
            chain("services-6") == [
                "\(key6) @cluster-ips-6 accept", "\(key6) @external-6 accept", "\(key6) @local-6 accept",
                "tcp dport @health-check-ports accept", "goto refuse",
            ]
        )
        #expect(
            chain("refuse") == ["meta l4proto tcp reject with tcp reset", "reject with icmpx type port-unreachable"]
        )
    }

    @Test func commands() {
        var script = Script(table: "t")
        Program(PacketRules.Options()).write(to: &script)
        let lines = String(decoding: script.bytes, as: UTF8.self).split(separator: "\n")
        let prerouting = "prerouting { type filter hook prerouting priority -105; policy accept; }"
        #expect(lines.contains("add chain inet t \(prerouting)"))
        #expect(lines.firstIndex(of: "flush chain inet t output")! < lines.firstIndex { $0.hasPrefix("add rule") }!)
    }

    @Test(arguments: [
        (PacketRules.PodDetection.none, nil), (.sources([]), nil), (.bridge("cni0"), nil), (.interfacePrefix("v"), nil),
        (.bridge("a\"b"), #""a"b" is no name of an interface"#), (.bridge(""), #""" is no name of an interface"#),
        (.bridge("sixteen-letters!"), #""sixteen-letters!" is no name of an interface"#),
        (.bridge("veth*"), #""veth*" is no name of an interface"#),
        (.bridge("a b"), #""a b" is no name of an interface"#),
        (.interfacePrefix(""), #""" is no beginning of an interface's name"#),
        (.interfacePrefix("a\\"), #""a\" is no beginning of an interface's name"#),
    ])
    func problems(pods: PacketRules.PodDetection, problem: String?) {
        #expect(pods.problem == problem)
    }
}
