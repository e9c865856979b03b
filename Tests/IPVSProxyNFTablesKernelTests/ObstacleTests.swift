import IPVS
import IPVSProxy
import IPVSProxyNFTables
import IPVSTestKernel
import Testing

extension NFTablesKernelTests {
    @Suite struct Obstacles {
        let node: FilteredNode

        init() throws {
            node = try FilteredNode()
            try node.write(sampleRules())
        }

        private var found: [String] { get throws { try node.filter.obstacles().map(\.description) } }

        @Test func none() throws {
            #expect(try found == [])
            try node.nft("table inet mine { chain forward { type filter hook forward priority 0; policy accept; }; }")
            try node.nft("table inet mine { chain input { type filter hook input priority 0; policy drop; }; }")
            try node.nft("table ip nat { chain KUBE-FIREWALL { }; chain KUBE-KUBELET-CANARY { }; }")
            #expect(try found == [])
        }

        @Test func policies() throws {
            try node.nft("table ip filter { chain FORWARD { type filter hook forward priority 0; policy drop; }; }")
            try node.nft("table inet mine { chain fw { type filter hook forward priority 7; policy drop; }; }")
            let sentences = try found.sorted()
            #expect(sentences.count == 2)
            let expected = [
                "chain FORWARD of table ip filter drops what no rule of it accepts, and with it the answers of pods: "
                    + "nft insert rule ip filter FORWARD ct state established,related accept",
                "chain fw of table inet mine drops what no rule of it accepts, and with it the answers of pods: "
                    + "nft insert rule inet mine fw ct state established,related accept",
            ]
            #expect(sentences == expected)
            // What they say helps.
            for sentence in sentences {
                let words = try #require(sentence.split(separator: ": ").last).split(separator: " ").map(String.init)
                try node.nft(words.dropFirst().joined(separator: " "))
            }
            #expect(try found == [])
        }

        @Test(arguments: [
            "ct state { established, related } counter accept comment \"x\"",
            "ct state vmap { established : accept, related : accept, invalid : drop }", "accept",
        ])
        func rulesThatAccept(rule: String) throws {
            try node.nft(
                "table ip6 f { chain FORWARD { type filter hook forward priority 0; policy drop; \(rule); }; }"
            )
            #expect(try found == [])
        }

        @Test(arguments: [
            "iifname docker0 ct state established,related accept", "ct state new accept", "ct state established drop",
            "tcp dport 80 accept", "ct state vmap { new : accept }", "ct state established ip6 saddr fd00::/8 accept",
        ])
        func rulesThatDoNotHelp(rule: String) throws {
            try node.nft(
                "table ip6 f { chain FORWARD { type filter hook forward priority 0; policy drop; \(rule); }; }"
            )
            #expect(try found.count == 1)
        }

        /// As ufw has them: the chain at the hook only jumps to others.
        @Test(arguments: [
            (
                "counter jump a; jump b", "tcp dport 22 drop; return", "ct state related,established counter accept",
                true
            ),
            ("jump a; jump a; accept", "jump b", "return; drop", true),
            ("goto a", "ct state established,related goto b", "accept", true),
            ("ct state vmap { established : jump b, new : drop }; drop", "", "accept", true),
            ("goto a; accept", "jump b", "return", false),
            ("jump a", "jump b; accept", "counter name c1 reject with icmpv6 type admin-prohibited", false),
            ("iifname cni0 jump b; tcp dport 1 goto b", "", "accept", false),
            ("drop; ct state established,related accept", "", "", false),
            ("ct state established,related drop comment \"accept\"; accept", "", "", false),
        ])
        func otherChains(forward: String, a: String, b: String, accepts: Bool) throws {
            let table = """
                counter c1 { }; chain b { \(b); }; chain a { \(a); };
                chain FORWARD { type filter hook forward priority 0; policy drop; \(forward); };
                """
            try node.nft("table ip6 f { \(table) }")
            try #require(try node.nft("list table ip6 f").contains("chain FORWARD"))
            #expect(try found.count == (accepts ? 0 : 1))
        }

        /// A last rule instead of a policy.
        @Test(arguments: [
            ("tcp dport 22 accept; reject", 1), ("ct state established accept; drop", 0), ("return; drop", 0),
        ])
        func withoutPolicy(rules: String, count: Int) throws {
            try node.nft("table ip f { chain FORWARD { type filter hook forward priority 0; \(rules); }; }")
            #expect(try found.count == count)
        }

        @Test func ofKubeProxy() throws {
            try node.nft(
                "table ip nat { chain KUBE-SERVICES { }; chain KUBE-NODE-PORT { }; chain KUBE-POSTROUTING { }; }"
            )
            try node.nft("table ip6 filter { chain KUBE-FORWARD { }; }")
            try node.nft("table ip kube-proxy { chain services { }; }")
            #expect(
                try found == [
                    "kube-proxy has left 3 chains named KUBE-… in ip nat, ip6 filter, which may mark, drop or redirect packets of "
                        + "services: \(Self.advice)",
                    "kube-proxy has left the table ip kube-proxy, which redirects packets of services: stop it, and run "
                        + "nft delete table ip kube-proxy",
                ]
            )
        }

        @Test(.enabled(if: Self.hasIpset, "there is no program ipset, or no ipset in this kernel")) func sets() throws {
            try node.namespace.run("ipset", "create", "KUBE-CLUSTER-IP", "hash:ip")
            try node.namespace.run("ipset", "create", "mine", "hash:ip")
            let sentence = "kube-proxy has left a set of ipset named KUBE-…: "
            #expect(try found == [sentence + Self.advice])
        }

        private static let advice =
            "stop it, and remove them or reboot the node (not with kube-proxy --cleanup, which deletes the virtual servers)"

        private static let hasIpset: Bool = {
            guard let namespace = try? TestNamespace() else { return false }
            return (try? namespace.run("ipset", "create", "x", "hash:ip")) != nil
        }()
    }
}
