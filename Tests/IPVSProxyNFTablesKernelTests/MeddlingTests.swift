import IPVS
import IPVSProxy
import IPVSProxyNFTables
import IPVSTestKernel
import Testing

extension NFTablesKernelTests {
    /// Changes by others to the table, and their repair.
    @Suite struct Meddling {
        let node: FilteredNode
        let rules = sampleRules()

        init() throws {
            node = try FilteredNode()
            try node.write(rules)
        }

        private static let changes = [
            "add element TABLE cluster-ips-4 { 10.96.7.7 . tcp . 80 }",
            "add element TABLE cluster-ips-6 { fd00::7 . 47 . 0 }",
            "add element TABLE addresses-4 { 10.96.7.7 comment \"mine\" }",
            "delete element TABLE health-check-ports { 30900 }",
            "delete element TABLE redirects-4 { 192.0.2.1 . tcp . 8080 }",
            """
            delete element TABLE redirects-4 { 192.0.2.1 . tcp . 8080 : 10.96.0.1 . 80 };
            add element TABLE redirects-4 { 192.0.2.1 . tcp . 8080 : 10.96.0.1 . 81 }
            """,
            """
            delete element TABLE restricted-4 { 192.0.2.1 . tcp . 8080 : jump source-ranges/default/web/http };
            add element TABLE restricted-4 { 192.0.2.1 . tcp . 8080 : drop }
            """,
            """
            delete element TABLE restricted-4 { 192.0.2.1 . tcp . 8080 : jump source-ranges/default/web/http };
            add element TABLE restricted-4 { 192.0.2.1 . tcp . 8080 : goto source-ranges/default/web/http }
            """,
            "flush set TABLE external-6", "flush map TABLE restricted-6",
            "flush chain TABLE prerouting", "flush chain TABLE services-6", "flush chain TABLE nat-postrouting",
            "flush chain TABLE source-ranges/default/web/http",
            "add rule TABLE source-ranges/default/web/http accept", "insert rule TABLE output accept",
            "add rule TABLE nat-prerouting counter",
            "add chain TABLE input { type filter hook input priority 0; policy drop; }",
            "add chain TABLE mine", "add chain TABLE mine { type filter hook input priority 7; }",
            "add chain TABLE source-ranges/default/other", "add chain TABLE source-ranges/x_/y",
            "add set TABLE mine { type ipv4_addr; }",
            "flush chain TABLE nat-prerouting; delete chain TABLE nat-prerouting",
            """
            flush chain TABLE nat-prerouting; delete chain TABLE nat-prerouting;
            add chain TABLE nat-prerouting { type nat hook prerouting priority -99; }
            """,
            "delete chain TABLE MARK", "add rule TABLE MARK accept", "add chain TABLE written/1-2",
            "add table TABLE { flags dormant; }", "delete table TABLE", "flush ruleset", "flush table TABLE",
            "flush chain TABLE nat-postrouting; delete set TABLE hairpins-6",
            """
            flush chain TABLE nat-postrouting; delete set TABLE hairpins-6;
            add set TABLE hairpins-6 { type ipv6_addr . ipv6_addr; flags timeout; }
            """,
            """
            flush chain TABLE nat-postrouting; delete set TABLE hairpins-6;
            add set TABLE hairpins-6 { type ipv6_addr . ipv6_addr; size 1; }
            """,
            """
            flush chain TABLE nat-postrouting; delete set TABLE hairpins-6;
            add set TABLE hairpins-6 { type ipv6_addr . ipv6_addr; counter; }
            """,
        ]

        /// One after the other on one node, as making a node takes longer than a repair.
        @Test func isMended() throws {
            var list = try node.list()
            let before = FilteredNode.sorted(list)
            for change in Self.changes {
                let mark = try #require(list.split(separator: "\n").first { $0.contains("chain written/") })
                    .split(separator: " ")[1]
                try node.nft(change.replacing("TABLE", with: "inet \(node.filter.table)").replacing("MARK", with: mark))
                #expect(try node.filter.isUnchanged() == false, "\(change)")
                let difference = try node.filter.difference(to: rules)
                #expect(!difference.isEmpty, "\(change)")
                try node.filter.write(difference)
                #expect(try node.filter.difference(to: rules) == .init(), "\(change)")
                #expect(try node.other().difference(to: rules) == .init(), "\(change)")
                #expect(try node.filter.isUnchanged(), "\(change)")
                list = try node.list()
                #expect(FilteredNode.sorted(list) == before, "\(change)")
            }
        }

        /// A counter that no rule names counts nothing.
        @Test func whatChangesNothing() throws {
            try node.nft("add counter inet \(node.filter.table) mine")
            #expect(try node.filter.isUnchanged() == false)
            #expect(try node.filter.difference(to: rules) == .init())
            #expect(try node.filter.isUnchanged())
        }

        /// A rule's own set gets a name that another one had, so that only its elements tell it from that.
        @Test(arguments: ["172.32.0.0/12", "192.168.0.0/16"]) func setsOfRules(block: String) throws {
            var options = PacketRules.Options()
            options.pods = .sources(["10.0.0.0/8", "172.16.0.0/12"].compactMap { IPAddress.Block($0) })
            let rules = PacketRules(options)
            try node.write(rules)
            let before = try node.sortedList()
            let chain = "inet \(node.filter.table) prerouting"
            let lines = try node.nft("list chain \(chain)").split(separator: "\n").dropFirst(3).dropLast(2).map(
                String.init
            )
            let changed = lines.map { $0.replacing("172.16.0.0/12", with: block) }
            try #require(changed != lines)
            // In one transaction the former names are still in use.
            try node.nft("flush chain \(chain)")
            try node.nft(changed.map { "add rule \(chain) \($0)" }.joined(separator: "\n"))
            #expect(try node.other().difference(to: rules).options == options)
            let difference = try node.filter.difference(to: rules)
            #expect(difference.options == options && !difference.isFromScratch)
            try node.filter.write(difference)
            try node.expect(rules)
            #expect(try node.sortedList() == before)
        }

        /// A new process does not know what the chains should be, and writes them.
        @Test func isMendedByANewProcess() throws {
            let before = try node.sortedList()
            try node.nft("flush chain inet \(node.filter.table) prerouting")
            try node.nft("flush chain inet \(node.filter.table) source-ranges/default/web/http")
            let other = try node.other()
            let difference = try other.difference(to: rules)
            #expect(!difference.isFromScratch && difference.options == rules.options && difference.added.isEmpty)
            try other.write(difference)
            #expect(try other.difference(to: rules).isEmpty)
            #expect(try node.sortedList() == before)
        }

        /// A change by others between a look and a write isn't taken for one's own.
        @Test func betweenALookAndAWrite() throws {
            let element = PacketRules.Element(.address(IPAddress(10, 96, 0, 9)))
            try node.filter.write(.init(added: [element]))
            #expect(try node.filter.isUnchanged())
            try node.nft("flush set inet \(node.filter.table) cluster-ips-4")
            try node.filter.write(.init(removed: [element]))
            #expect(try node.filter.isUnchanged() == false)
            #expect(try node.filter.difference(to: rules).added.count == 3)
        }

        @Test func tablesOfOthers() throws {
            try node.nft(
                """
                table ip nat { chain KUBE-SERVICES { counter; }; }
                table inet swift-ipvs-other { set cluster-ips-4 { type ipv4_addr; elements = { 1.2.3.4 }; }; }
                table ip6 \(node.filter.table) { chain prerouting { accept; }; }
                table inet \(node.filter.table)x { chain prerouting { accept; }; }
                """
            )
            let own = try node.list()
            let all = try node.nft("list ruleset")
            #expect(all.contains("1.2.3.4") && all.hasPrefix(own))
            try node.expectRepair(rules)
            #expect(try node.nft("list ruleset") == all)
            try node.write(PacketRules())
            try node.filter.write(PacketRules().difference(from: nil))
            #expect(try node.filter.remove())
            #expect(try node.nft("list ruleset") == String(all.dropFirst(own.count)))
        }
    }
}

extension FilteredNode {
    /// Compares the rules, and expects that they are right.
    fileprivate func expectRepair(_ rules: PacketRules) throws {
        #expect(try filter.isUnchanged() == false)
        #expect(try filter.difference(to: rules).isEmpty)
    }
}
